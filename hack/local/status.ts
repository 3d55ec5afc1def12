import { Command } from 'commander';
import { KubeClient } from '../../kube/client.ts';
import { accessFromKubeconfig } from '../../kube/kubeconfig-access.ts';
import { isReady } from './administrator.ts';
import { runCommand } from './command.ts';
import { type LocalDirectory, localDirectory } from './local-directory.ts';
import { recordedProcesses } from './local-process.ts';
import type { Report } from './report.ts';
import type { ClusterState } from './state-file.ts';
import { runningSupervisor } from './supervisor-process.ts';
import { formatTable } from './table.ts';

const readyWithinMs = 2_000;

const command = new Command('npm run status --')
  .description('Shows the clusters that "npm run up" keeps running in this checkout.')
  .action(() => runCommand(signal => status(localDirectory(), console.log, signal)));

await command.parseAsync();

async function status(
  directory: LocalDirectory,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const state = runningSupervisor(directory);
  if (state === undefined) {
    report('nothing is up in this checkout: npm run up');
    process.exitCode = 1;
    return;
  }
  const processes = await recordedProcesses(directory.processes);
  const rows = await Promise.all(
    state.clusters.map(async cluster => ({
      cluster: cluster.name,
      ready: (await answers(cluster, signal)) ? 'yes' : 'no',
      server: cluster.server,
      processes: processes
        .filter(({ what }) => what.startsWith(`${cluster.name}/`))
        .map(({ what, pid }) => `${what.slice(cluster.name.length + 1)}=${pid}`)
        .join(' '),
    })),
  );
  report(`supervisor: process ${state.supervisor.pid}, ${state.phase}`);
  report(formatTable(['cluster', 'ready', 'server', 'processes'], rows));
  report(`kubeconfigs: ${directory.kubeconfig('<cluster>')}`);
  if (rows.some(({ ready }) => ready === 'no')) process.exitCode = 1;
}

async function answers({ kubeconfig }: ClusterState, signal: AbortSignal): Promise<boolean> {
  const client = new KubeClient(await accessFromKubeconfig({ path: kubeconfig }));
  try {
    return await isReady(client, AbortSignal.any([signal, AbortSignal.timeout(readyWithinMs)]));
  } finally {
    await client.access.close();
  }
}
