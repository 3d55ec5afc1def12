import { Command, InvalidArgumentError } from 'commander';
import { buildClusternet } from './clusternet-image.ts';
import { runCommand } from './command.ts';
import { clustersHaveJoined, createClusters } from './create-clusters.ts';
import { installProviders } from './install-providers.ts';
import { kubectlFor } from './kubectl.ts';
import { localDirectory, lockName, markTestBed } from './local-directory.ts';
import { withMachineLock } from './machine-lock.ts';
import { formatDuration, type Report } from './report.ts';
import { machineFacts, shortcomings } from './requirements.ts';
import { ensureSupervisor, runningSupervisor } from './supervisor-process.ts';
import { ensureTools } from './tools.ts';

interface UpOptions {
  readonly clusters: number;
  readonly clusternet: boolean;
}

const maxClusters = 30;
const directory = localDirectory();

const command = new Command('npm run up --')
  .description(
    'Boots the parent cluster of this checkout and leaves it running in the background. ' +
      'Run it again at any time: what is up already stays as it is.',
  )
  .option('--clusters <n>', 'also create this many child clusters', clusterCount, 0)
  .option('--no-clusternet', 'stop at Cluster API, without Clusternet')
  .action((options: UpOptions) =>
    runCommand(signal => {
      const onWait = (pid: string) => console.log(`waiting for the other "up" (process ${pid})`);
      const task = () => up(options, console.log, signal);
      return withMachineLock(lockName(directory, 'up'), task, { onWait }, signal);
    }),
  );

await command.parseAsync();

async function up(options: UpOptions, report: Report, signal: AbortSignal): Promise<void> {
  const begin = Date.now();
  markTestBed(directory);
  const running = runningSupervisor(directory)?.clusters.length ?? 0;
  await checkMachine(Math.max(0, options.clusters + 1 - running), signal);
  const tools = await ensureTools('all', report, signal);
  if (runningSupervisor(directory) === undefined) await buildClusternet(directory, signal);
  await ensureSupervisor(directory, report, signal);
  const kubeconfig = directory.kubeconfig('parent');
  const { clusternet } = options;
  const installation = { directory, tools, kubeconfig, clusternet };
  const clusterctl = await installProviders(installation, report, signal);
  const kubectl = kubectlFor(tools.kubectl, kubeconfig, signal);
  await createClusters(options.clusters, clusterctl, kubectl, report, signal);
  if (clusternet) await clustersHaveJoined(kubectl, report);
  report(`up after ${formatDuration(Date.now() - begin)}

  kubectl --kubeconfig ${kubeconfig} get ${clusternet ? 'clusters,managedclusters -A' : 'nodes,clusters'}
  npm run status
  npm run down`);
}

async function checkMachine(clusters: number, signal: AbortSignal): Promise<void> {
  const missing = shortcomings(await machineFacts(signal), clusters);
  if (missing.length === 0) return;
  throw new Error(missing.map(({ what, fix }) => `${what}\n  mend it with: ${fix}`).join('\n'));
}

function clusterCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count > maxClusters) {
    throw new InvalidArgumentError(`It must be a whole number from 0 to ${maxClusters}.`);
  }
  return count;
}
