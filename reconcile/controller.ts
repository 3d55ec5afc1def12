import { isConflict } from '../kube/api-error.ts';
import type { Clock } from './clock.ts';
import { type ControllerMetrics, controllerMetrics, type Outcome } from './controller-metrics.ts';
import type { Logger } from './logger.ts';
import { lowPriority, Queue } from './queue.ts';
import type { Runtime } from './runtime.ts';
import type { Source } from './source.ts';
import { TerminalError } from './terminal-error.ts';

/** What a reconcile may ask for. */
export interface ReconcileResult {
  /** Come back to this key after so long, even if nothing changes. */
  readonly requeueAfterMs?: number;
}

/**
 * Makes the world as one kind of object wants it.
 *
 * `reconcile` gets a key, never an event: it reads the present state and does what is missing, so it may
 * run too often, late, or after a crash half-way, and the result is the same. It is never run twice at
 * once for one key. When it throws, the key comes back after a back-off; when it throws a TerminalError,
 * only after a change. The signal aborts when the controller stops or the deadline passes: hand it to
 * everything that waits.
 */
export interface Controller {
  /** In logs and metrics; kebab-case. */
  readonly name: string;
  /** Keys worked on at the same time. Default 4. */
  readonly concurrency?: number;
  /** How long a failed key waits, doubled at each further failure. Default: 10 ms up to a minute. */
  readonly backOff?: { readonly firstMs: number; readonly longestMs: number };
  /** Longest time one reconcile may take. Default 2 minutes. */
  readonly deadlineMs?: number;
  /** Keys of higher priority are worked on first. By default all are equal, but a first list waits behind changes. */
  readonly priority?: (key: string) => number;
  /** Changes that come within so long are reconciled together, for work that nobody waits for. Default: at once. */
  readonly gatherMs?: number;
  readonly sources: readonly Source[];
  /** What `reconcile` reads besides the sources; it does not run before these are synced either. */
  readonly reads?: readonly { synced(): Promise<void> }[];
  reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | undefined> | Promise<void>;
}

const slowMs = 30_000;
/** Somebody wrote first: the watch tells us within moments what. */
const firstConflictMs = 10;

/** Runs a controller until `signal` aborts; resolves when its last reconcile has ended. */
export async function runController(
  controller: Controller,
  runtime: Pick<Runtime, 'logger' | 'metrics' | 'clock'>,
  signal: AbortSignal,
): Promise<void> {
  const { clock, metrics } = runtime;
  const { priority, backOff, gatherMs = 0 } = controller;
  const queue = new Queue<string>(controller.name, {
    clock,
    metrics,
    ...(priority && { priorityOf: priority }),
    ...(backOff && { firstRetryMs: backOff.firstMs, longestRetryMs: backOff.longestMs }),
  });
  const feed = (key: string, initial: boolean) => {
    if (gatherMs > 0) queue.addAfter(key, gatherMs);
    else queue.add(key, initial && !priority ? lowPriority : undefined);
  };
  const stops = controller.sources.map(source => source.start(feed));
  signal.addEventListener('abort', () => queue.close(), { once: true });
  try {
    await untilSynced(controller, signal);
    const worker = new Worker(controller, queue, runtime);
    const workers = Array.from({ length: controller.concurrency ?? 4 }, () => worker.run(signal));
    await Promise.all(workers);
  } finally {
    for (const stop of stops) stop();
    queue.close();
  }
}

async function untilSynced(controller: Controller, signal: AbortSignal): Promise<void> {
  const waited = [...controller.sources, ...(controller.reads ?? [])].map(each => each.synced());
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => resolve(), { once: true });
  if (!signal.aborted) await Promise.race([Promise.all(waited), aborted]);
}

class Worker {
  readonly #controller: Controller;
  readonly #queue: Queue<string>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #metrics: ControllerMetrics;

  constructor(
    controller: Controller,
    queue: Queue<string>,
    runtime: Pick<Runtime, 'logger' | 'metrics' | 'clock'>,
  ) {
    this.#controller = controller;
    this.#queue = queue;
    this.#clock = runtime.clock;
    this.#logger = runtime.logger.child({ controller: controller.name });
    this.#metrics = controllerMetrics(runtime.metrics);
  }

  async run(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    for (let key = await this.#queue.take(); key !== undefined; key = await this.#queue.take()) {
      await this.#work(key, signal);
    }
  }

  async #work(key: string, signal: AbortSignal): Promise<void> {
    const labels = { controller: this.#controller.name };
    const started = this.#clock.monotonic();
    const deadline = new AbortController();
    const { deadlineMs = 120_000 } = this.#controller;
    const cancels = [
      this.#clock.after(deadlineMs, () =>
        deadline.abort(new Error(`not done in ${deadlineMs} ms`)),
      ),
      this.#clock.after(slowMs, () => this.#logger.warn({ key }, 'reconcile is slow')),
    ];
    this.#metrics.active.inc(labels);
    const result = await this.#reconcile(key, AbortSignal.any([signal, deadline.signal]), signal);
    for (const cancel of cancels) cancel();
    this.#metrics.active.dec(labels);
    this.#metrics.total.inc({ ...labels, result });
    this.#metrics.seconds.observe(labels, (this.#clock.monotonic() - started) / 1000);
    this.#queue.done(key);
  }

  async #reconcile(key: string, signal: AbortSignal, stop: AbortSignal): Promise<Outcome> {
    try {
      const after = (await this.#controller.reconcile(key, signal))?.requeueAfterMs;
      this.#queue.forget(key);
      if (after === undefined) return 'success';
      this.#queue.addAfter(key, after);
      return 'requeue_after';
    } catch (error) {
      return stop.aborted ? 'error' : this.#failed(key, error);
    }
  }

  #failed(key: string, error: unknown): Outcome {
    if (error instanceof TerminalError) {
      this.#queue.forget(key);
      this.#logger.error({ key, err: error }, 'reconcile failed, waiting for a change');
      return 'terminal_error';
    }
    this.#queue.retry(key, isConflict(error) ? firstConflictMs : undefined);
    const attempt = this.#queue.failures(key);
    // Somebody wrote first: part of normal life, and seldom twice in a row.
    if (isConflict(error)) this.#logger.debug({ key, attempt }, 'outdated, will look again');
    else this.#logger.warn({ key, err: error, attempt }, 'reconcile failed, will retry');
    return 'error';
  }
}
