import { Command } from 'commander';
import { completeCommand, completionCommand } from './completion.ts';
import { explainCommand } from './explain/explain-command.ts';
import type { Surroundings } from './surroundings.ts';

/** `kubectl clusternet`: kubectl finds the program by its name, kubectl-clusternet. */
export function program(surroundings: Surroundings): Command {
  const root = new Command('kubectl clusternet')
    .description('Asks Clusternet, on the parent cluster of your kubeconfig.')
    .exitOverride()
    .configureOutput({ writeOut: surroundings.write });
  root.addCommand(explainCommand(surroundings));
  root.addCommand(completionCommand(surroundings));
  root.addCommand(completeCommand(root, surroundings), { hidden: true });
  // Errors of a subcommand are told and counted as those of the program.
  for (const command of every(root)) command.copyInheritedSettings(root);
  return root;
}

function every(command: Command): readonly Command[] {
  return command.commands.flatMap(each => [each, ...every(each)]);
}
