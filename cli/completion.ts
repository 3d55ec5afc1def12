import { Command } from 'commander';
import type { Surroundings } from './surroundings.ts';

/** What kubectl runs to complete `kubectl clusternet`, in any shell. */
const script = `#!/bin/sh
exec kubectl-clusternet __complete -- "$@"
`;

/** Prints the program by which kubectl completes, see docs/guides/kubectl-clusternet.md. */
export function completionCommand({ write }: Surroundings): Command {
  return new Command('completion')
    .description('Print the program kubectl_complete-clusternet, by which kubectl completes words.')
    .action(() => write(script));
}

/** Answers kubectl in cobra's words: one candidate a line, then how to go on (4: not by file names). */
export function completeCommand(root: Command, { write }: Surroundings): Command {
  return new Command('__complete').argument('[words...]').action((words: readonly string[]) => {
    write([...candidates(root, words), ':4', ''].join('\n'));
  });
}

/** The commands or flags that the last word may become. */
export function candidates(root: Command, words: readonly string[]): readonly string[] {
  const before = words.slice(0, -1);
  const word = words.at(-1) ?? '';
  let command = root;
  for (const each of before) {
    command = command.commands.find(sub => sub.name() === each) ?? command;
  }
  const commands = command.createHelp().visibleCommands(command);
  const flags = command.options.flatMap(({ long, description }) =>
    long ? [`${long}\t${description}`] : [],
  );
  const names = commands.map(each => `${each.name()}\t${each.description()}`);
  return (word.startsWith('-') ? flags : names).filter(each => each.startsWith(word));
}
