import { createHash } from 'node:crypto';
import { LocalClusters } from './local-clusters.ts';
import { localDirectory } from './local-directory.ts';
import { tryMachineLock } from './machine-lock.ts';
import { recordOf } from './process-record.ts';
import { formatDuration } from './report.ts';
import { type LocalState, writeState } from './state-file.ts';
import { ensureTools } from './tools.ts';

/** The cluster that `npm run up` always has: the hub. */
const parent = 'parent';

const directory = localDirectory();

/** Holds the clusters of this checkout until it is told to end. Started by `up`, in the background. */
async function supervise(signal: AbortSignal): Promise<void> {
  const checkout = createHash('sha256').update(directory.root).digest('hex').slice(0, 16);
  await using lock = await tryMachineLock(`supervisor-${checkout}`);
  if (lock === undefined) throw new Error('this checkout has a supervisor already');
  const state = new PublishedState();
  const tools = await ensureTools('all', line => state.report(line), signal);
  const clusters = new LocalClusters({
    directory,
    tools,
    onChange: () => state.show(clusters),
    report: log,
  });
  try {
    await bootParent(clusters, state, signal);
    state.set({ phase: 'running' });
    await aborted(signal);
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
): Promise<void> {
  await state.step(`cluster ${parent} is up`, async () => {
    const { kwok } = await clusters.ensure(parent, signal);
    await kwok.setNodes([{ name: `${parent}-worker-1` }], signal);
  });
}

/** The state file, kept in step with what it says. */
class PublishedState {
  #state: LocalState;

  constructor() {
    const supervisor = recordOf(process.pid, 'supervisor');
    if (supervisor === undefined) throw new Error('/proc does not show this process');
    this.#state = { supervisor, phase: 'starting', progress: [], clusters: [] };
    this.set({});
  }

  set(change: Partial<LocalState>): void {
    this.#state = { ...this.#state, ...change };
    writeState(directory.state, this.#state);
  }

  report(line: string): void {
    log(line);
    this.set({ progress: [...this.#state.progress, line] });
  }

  /** Does something and reports it when it is done, with the time it took. */
  async step(what: string, task: () => Promise<void>): Promise<void> {
    const begin = Date.now();
    await task();
    this.report(`${what} (${formatDuration(Date.now() - begin)})`);
  }

  show(clusters: LocalClusters): void {
    this.set({
      clusters: clusters.list().map(({ name, controlPlane }) => ({
        name,
        slot: controlPlane.slot.number,
        server: controlPlane.server,
        kubeconfig: directory.kubeconfig(name),
      })),
    });
  }
}

function log(line: string): void {
  console.log(`${new Date().toISOString()} ${line}`);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

const ending = new AbortController();
process.on('SIGTERM', () => ending.abort());
await supervise(ending.signal);
