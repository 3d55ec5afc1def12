import { Command, InvalidArgumentError } from 'commander';
import { runCommand } from './command.ts';
import { localDirectory } from './local-directory.ts';
import { formatDuration, type Report } from './report.ts';
import { machineFacts, shortcomings } from './requirements.ts';
import { ensureSupervisor } from './supervisor-process.ts';
import { ensureTools } from './tools.ts';

interface UpOptions {
  readonly clusters: number;
}

const maxClusters = 30;

const command = new Command('npm run up --')
  .description(
    'Boots the parent cluster of this checkout and leaves it running in the background. ' +
      'Run it again at any time: what is up already stays as it is.',
  )
  .option('--clusters <n>', 'also create this many child clusters', clusterCount, 0)
  .action((options: UpOptions) => runCommand(signal => up(options, console.log, signal)));

await command.parseAsync();

async function up({ clusters }: UpOptions, report: Report, signal: AbortSignal): Promise<void> {
  const begin = Date.now();
  const missing = shortcomings(await machineFacts(signal), clusters + 1);
  if (missing.length > 0)
    throw new Error(missing.map(({ what, fix }) => `${what}\n  mend it with: ${fix}`).join('\n'));
  const directory = localDirectory();
  await ensureTools('all', report, signal);
  await ensureSupervisor(directory, report, signal);
  report(`up after ${formatDuration(Date.now() - begin)}`);
  report('');
  report(`  kubectl --kubeconfig ${directory.kubeconfig('parent')} get nodes`);
  report('  npm run status');
  report('  npm run down');
}

function clusterCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count > maxClusters) {
    throw new InvalidArgumentError(`It must be a whole number from 0 to ${maxClusters}.`);
  }
  return count;
}
