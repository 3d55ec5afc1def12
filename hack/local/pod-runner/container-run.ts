import { constants } from 'node:os';
import { sleep } from '../../../kube/sleep.ts';
import type { Exit, LocalProcess } from '../local-process.ts';
import type { RunningContainer } from './launch-container.ts';
import type { Container, ContainerState, Pod } from './pod.ts';
import { PodNotStartable } from './pod-sources.ts';
import type { ContainerFacts } from './pod-status.ts';
import { type ProbeOnce, probeLoop } from './probe-loop.ts';
import { nextRestartDelay, type RestartDelay } from './restart-delay.ts';

/** How a container is started and watched, and who wants to know what became of it. */
export interface ContainerRunOptions {
  readonly container: Container;
  readonly restartPolicy: Pod['spec']['restartPolicy'];
  readonly graceMs: number;
  /** Restarts counted before this runner took over. */
  readonly restartCount: number;
  readonly launch: (signal: AbortSignal) => Promise<RunningContainer>;
  readonly probe: (running: LocalProcess) => ProbeOnce;
  /** Called after every change of the facts. */
  readonly onChange: () => void;
  readonly onEvent: (message: string) => void;
}

const retryStartMs = 1_000;

/** The life of one container: started, probed, restarted by the pod's restart policy, stopped. */
export class ContainerRun {
  readonly #options: ContainerRunOptions;
  readonly #stop = new AbortController();
  #running: RunningContainer | undefined;
  #facts: ContainerFacts;
  #graceMs: number;

  constructor(options: ContainerRunOptions) {
    this.#options = options;
    this.#graceMs = options.graceMs;
    const { name, image } = options.container;
    this.#facts = {
      name,
      image,
      state: { waiting: { reason: 'ContainerCreating' } },
      started: false,
      ready: false,
      restartCount: options.restartCount,
    };
  }

  get facts(): ContainerFacts {
    return this.#facts;
  }

  /** What runs at the moment. */
  get running(): RunningContainer | undefined {
    return this.#running;
  }

  /** Runs until the container is stopped, or has ended and is not to be restarted. */
  async run(): Promise<void> {
    const { signal } = this.#stop;
    let delay: RestartDelay | undefined;
    while (!signal.aborted) {
      const started = await this.#start(signal);
      if (started === undefined) return;
      const begin = Date.now();
      const exit = await this.#watch(started);
      this.#ended(exit, begin, started.process.record.pid);
      if (signal.aborted || !restarts(this.#options.restartPolicy, exit)) return;
      delay = nextRestartDelay(delay, Date.now() - begin);
      await this.#backOff(delay, signal);
    }
  }

  /** Ends the process within the grace period, or a shorter one when it is called again, and lets `run` return. */
  stop(graceMs = this.#options.graceMs): void {
    const stopping = this.#stop.signal.aborted;
    this.#graceMs = graceMs;
    this.#stop.abort();
    if (stopping) void this.#running?.process.stop(graceMs);
  }

  /** Tries until it starts; undefined when it was stopped before. */
  async #start(signal: AbortSignal): Promise<RunningContainer | undefined> {
    while (!signal.aborted) {
      try {
        this.#running = await this.#options.launch(signal);
        return this.#running;
      } catch (error) {
        if (signal.aborted) break;
        const reason = error instanceof PodNotStartable ? error.reason : 'RunContainerError';
        this.#change({ state: { waiting: { reason, message: (error as Error).message } } });
        await quietly(sleep(retryStartMs, signal));
      }
    }
    return undefined;
  }

  /** Probes the process until it ends, and ends it when it is told to or a probe demands it. */
  async #watch({ process, notes }: RunningContainer): Promise<Exit> {
    for (const note of notes) this.#options.onEvent(note);
    this.#change({
      state: { running: { startedAt: new Date().toISOString() } },
      containerID: `process://${process.record.pid}`,
    });
    const ended = new AbortController();
    const end = () => void process.stop(this.#graceMs);
    this.#stop.signal.addEventListener('abort', end, { once: true });
    if (this.#stop.signal.aborted) end();
    const probing = quietly(this.#probe(process, ended.signal));
    const exit = await process.exited;
    this.#stop.signal.removeEventListener('abort', end);
    ended.abort();
    this.#running = undefined;
    await probing;
    return exit;
  }

  async #probe(process: LocalProcess, signal: AbortSignal): Promise<void> {
    const { startupProbe, livenessProbe, readinessProbe } = this.#options.container;
    const once = this.#options.probe(process);
    const kill = (what: string, failure: string | undefined) => {
      this.#options.onEvent(`${what} probe failed (${failure}): restarting`);
      void process.stop(this.#options.graceMs);
      return 'enough' as const;
    };
    if (startupProbe) {
      const judge = (verdict: boolean | undefined, failure: string | undefined) => {
        if (verdict === undefined) return 'more';
        return verdict ? 'enough' : kill('startup', failure);
      };
      await probeLoop(startupProbe, once, judge, {}, signal);
    }
    this.#change({ started: true, ready: readinessProbe === undefined });
    const live = (verdict: boolean | undefined, failure: string | undefined) =>
      verdict === false ? kill('liveness', failure) : 'more';
    const ready = (verdict: boolean | undefined) => {
      this.#change({ ready: verdict === true });
      return 'more' as const;
    };
    await Promise.all([
      livenessProbe && probeLoop(livenessProbe, once, live, {}, signal),
      readinessProbe && probeLoop(readinessProbe, once, ready, { eager: true }, signal),
    ]);
  }

  #ended(exit: Exit, begin: number, pid: number): void {
    const exitCode = exitCodeOf(exit);
    this.#options.onEvent(`ended: ${exit}`);
    this.#change({
      started: false,
      ready: false,
      state: {
        terminated: {
          exitCode,
          reason: exitCode === 0 ? 'Completed' : 'Error',
          message: exit,
          startedAt: new Date(begin).toISOString(),
          finishedAt: new Date().toISOString(),
          containerID: `process://${pid}`,
        },
      },
    });
  }

  async #backOff({ delayMs }: RestartDelay, signal: AbortSignal): Promise<void> {
    const { state, restartCount } = this.#facts;
    const message = `back-off ${delayMs / 1000} s restarting failed container`;
    const waiting: ContainerState = { waiting: { reason: 'CrashLoopBackOff', message } };
    if (delayMs > 0) this.#change({ lastState: state, state: waiting });
    await quietly(sleep(delayMs, signal));
    this.#change({ lastState: state, restartCount: restartCount + 1 });
  }

  #change(facts: Partial<ContainerFacts>): void {
    const before = this.#facts;
    this.#facts = { ...before, ...facts };
    const keys = Object.keys(facts) as (keyof ContainerFacts)[];
    if (keys.some(key => facts[key] !== before[key])) this.#options.onChange();
  }
}

/** The exit code as container runtimes count it: 128 and the signal's number for a process that a signal ended. */
export function exitCodeOf(exit: Exit): number {
  const code = /^exit code (\d+)$/.exec(exit)?.[1];
  if (code !== undefined) return Number(code);
  return 128 + (constants.signals[exit as NodeJS.Signals] ?? 0);
}

function restarts(policy: Pod['spec']['restartPolicy'] = 'Always', exit: Exit): boolean {
  return policy === 'Always' || (policy === 'OnFailure' && exitCodeOf(exit) !== 0);
}

/** Waits without passing on the rejection, which here is always the abort that we asked for. */
async function quietly(task: Promise<unknown>): Promise<void> {
  await task.catch(() => undefined);
}
