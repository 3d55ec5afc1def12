import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { builtin } from '../../kube/builtin.ts';
import type { KubeClient } from '../../kube/client.ts';
import { sleep } from '../../kube/sleep.ts';
import { createLogger } from '../../reconcile/logger.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { coreManagerImage } from './cluster-api/core-manager-image.ts';
import { clusternetImage } from './clusternet-image.ts';
import type { ControlPlane } from './control-plane.ts';
import { type LocalCluster, LocalClusters } from './local-clusters.ts';
import { localDirectory, lockName } from './local-directory.ts';
import { tryMachineLock } from './machine-lock.ts';
import { recordOf } from './process-record.ts';
import { clusters } from './provider/cluster.ts';
import { localClusters } from './provider/local-cluster.ts';
import { localControlPlanes } from './provider/local-control-plane.ts';
import { runLocalProvider } from './provider/run-local-provider.ts';
import { formatDuration } from './report.ts';
import { type LocalState, writeState } from './state-file.ts';
import { ensureTools } from './tools.ts';

/** The cluster that `npm run up` always has: the hub. */
const parent = 'parent';

const directory = localDirectory();
const logger = createLogger('supervisor');

/** Holds the clusters of this checkout until it is told to end. Started by `up`, in the background. */
async function supervise(signal: AbortSignal): Promise<void> {
  await using lock = await tryMachineLock(lockName(directory, 'supervisor'));
  if (lock === undefined) throw new Error('this checkout has a supervisor already');
  const state = new PublishedState();
  const tools = await ensureTools('all', line => state.report(line), signal);
  const clusters = new LocalClusters({
    directory,
    tools,
    images: [coreManagerImage(tools['cluster-api-core']), await clusternetImage(directory)],
    onChange: () => state.show(clusters),
    report: line => logger.info(line),
    logger,
  });
  try {
    const { controlPlane } = await bootParent(clusters, state, signal);
    await bootChildren(clusters, state, signal);
    state.set({ phase: 'running' });
    // What pods run as shows only when they run.
    setInterval(() => state.show(clusters), 2_000).unref();
    await provideClusters(clusters, controlPlane, signal);
  } catch (error) {
    if (!signal.aborted) {
      state.set({ phase: 'failed', failure: (error as Error).message });
      throw error;
    }
  } finally {
    if (signal.aborted) state.set({ phase: 'stopping' });
    await clusters.stop();
  }
}

async function bootParent(
  clusters: LocalClusters,
  state: PublishedState,
  signal: AbortSignal,
): Promise<LocalCluster> {
  return state.step(`cluster ${parent} is up`, async () => {
    const cluster = await clusters.ensure(parent, signal);
    await cluster.kwok.setNodes([{ name: `${parent}-worker-1` }], signal);
    return cluster;
  });
}

/** Boots the children that have data already, so that a test bed which comes back is complete when it says so. */
async function bootChildren(
  clusters: LocalClusters,
  state: PublishedState,
  signal: AbortSignal,
): Promise<void> {
  for (const name of clusters.known().filter(each => each !== parent)) {
    try {
      await state.step(`cluster ${name} is up again`, () => clusters.ensure(name, signal));
    } catch (error) {
      signal.throwIfAborted();
      // The local provider tries again.
      state.report(`cluster ${name} did not come up: ${(error as Error).message}`);
    }
  }
}

/** Makes Cluster API's Clusters real, from the moment that clusterctl has installed the local provider's kinds. */
async function provideClusters(
  machine: LocalClusters,
  { client, version }: ControlPlane,
  signal: AbortSignal,
): Promise<void> {
  for (const { plural, group } of [clusters, localClusters, localControlPlanes]) {
    await established(client, `${plural}.${group}`, signal);
  }
  const options = { client, machine, kubernetesVersion: version, logger };
  await runLocalProvider(options, signal);
}

async function established(client: KubeClient, name: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      const crd = await client.find(builtin.customResourceDefinitions, { name }, signal);
      if (crd?.status?.conditions?.some(isEstablished)) return;
    } catch (error) {
      signal.throwIfAborted();
      logger.warn({ err: error }, 'the parent does not answer, trying again');
    }
    await sleep(500, signal);
  }
}

function isEstablished({ type, status }: { type: string; status: string }): boolean {
  return type === 'Established' && status === 'True';
}

/** The state file, kept in step with what it says. */
class PublishedState {
  #state: LocalState;

  constructor() {
    const supervisor = recordOf(process.pid, 'supervisor');
    if (supervisor === undefined) throw new Error('/proc does not show this process');
    // Also among the processes, where `down` finds it whatever the state file says.
    writeFileAtomically(join(directory.processes, 'supervisor.json'), JSON.stringify(supervisor));
    this.#state = { supervisor, phase: 'starting', progress: [], clusters: [] };
    writeState(directory.state, this.#state);
  }

  set(change: Partial<LocalState>): void {
    const next = { ...this.#state, ...change };
    if (isDeepStrictEqual(next, this.#state)) return;
    this.#state = next;
    writeState(directory.state, this.#state);
  }

  report(line: string): void {
    logger.info(line);
    this.set({ progress: [...this.#state.progress, line] });
  }

  /** Does something and reports it when it is done, with the time it took. */
  async step<R>(what: string, task: () => Promise<R>): Promise<R> {
    const begin = Date.now();
    const result = await task();
    this.report(`${what} (${formatDuration(Date.now() - begin)})`);
    return result;
  }

  show(clusters: LocalClusters): void {
    this.set({
      clusters: clusters.list().map(({ name, controlPlane, podRunner }) => ({
        name,
        slot: controlPlane.slot.number,
        server: controlPlane.server,
        kubeconfig: directory.kubeconfig(name),
        notes: podRunner.notes,
      })),
    });
  }
}

const ending = new AbortController();
process.on('SIGTERM', () => ending.abort());
await supervise(ending.signal);
