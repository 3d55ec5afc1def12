import { Command } from 'commander';
import { KubeClient } from '../../kube/client.ts';
import { accessFromKubeconfig } from '../../kube/kubeconfig-access.ts';
import { isReady } from './administrator.ts';
import { runCommand } from './command.ts';
import { type LocalDirectory, localDirectory } from './local-directory.ts';
import { recordedProcesses } from './local-process.ts';
import type { ProcessRecord } from './process-record.ts';
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
      processes: programsOf(cluster, processes),
    })),
  );
  report(formatTable(['cluster', 'ready', 'server', 'processes'], rows));
  const pods = state.clusters.flatMap(cluster => podRows(cluster, processes));
  if (pods.length > 0) report(`\n${formatTable(['cluster', 'pod process', 'pid'], pods)}`);
  for (const { name, notes } of state.clusters)
    for (const note of notes) report(`${name}: ${note}`);
  report(`\nsupervisor: process ${state.supervisor.pid}, ${state.phase}`);
  report(`kubeconfigs: ${directory.kubeconfig('<cluster>')}`);
  report(`logs: ${directory.logs}`);
  if (rows.some(({ ready }) => ready === 'no')) process.exitCode = 1;
}

function programsOf({ name }: ClusterState, processes: readonly ProcessRecord[]): string {
  return processes
    .filter(({ what }) => what.startsWith(`${name}/`) && !what.startsWith(`${name}/pods/`))
    .map(({ what, pid }) => `${what.slice(name.length + 1)}=${pid}`)
    .join(' ');
}

function podRows({ name }: ClusterState, processes: readonly ProcessRecord[]) {
  const prefix = `${name}/pods/`;
  return processes
    .filter(({ what }) => what.startsWith(prefix))
    .map(({ what, pid }) => ({
      cluster: name,
      'pod process': what.slice(prefix.length).replaceAll('_', '/'),
      pid: String(pid),
    }));
}

async function answers({ kubeconfig }: ClusterState, signal: AbortSignal): Promise<boolean> {
  const client = new KubeClient(await accessFromKubeconfig({ path: kubeconfig }));
  try {
    return await isReady(client, AbortSignal.any([signal, AbortSignal.timeout(readyWithinMs)]));
  } finally {
    await client.access.close();
  }
}
