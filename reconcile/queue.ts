import type { Registry } from 'prom-client';
import { type Clock, systemClock } from './clock.ts';
import { DelayedKeys } from './delayed-keys.ts';
import { Heap } from './heap.ts';
import { type QueueMetrics, queueMetrics } from './queue-metrics.ts';

/** For the flood of a first list: changes that happen meanwhile, of priority 0, overtake it. */
export const lowPriority = -100;

/** Options of a {@link Queue}; all have defaults. */
export interface QueueOptions {
  readonly clock?: Clock;
  readonly metrics?: Registry;
  /** First wait after a failure, doubled at each further one. Default 10 ms. */
  readonly firstRetryMs?: number;
  /** Longest wait after a failure. Default 60 s. */
  readonly longestRetryMs?: number;
  /** Returns [0, 1): spreads retries. */
  readonly random?: () => number;
  /** The priority of a key that is added without one; higher comes first. Default 0. */
  readonly priorityOf?: (key: string) => number;
}

interface Waiting<K> {
  readonly key: K;
  readonly priority: number;
  readonly since: number;
  /** Breaks ties: first come, first served. */
  readonly order: number;
}

/**
 * Keys to work on. A key added many times before it is taken is worked on once; a key added while it
 * is worked on is worked on again afterwards; no key is ever worked on twice at the same time.
 */
export class Queue<K extends string> {
  readonly name: string;
  readonly #clock: Clock;
  readonly #metrics: QueueMetrics | undefined;
  readonly #firstRetryMs: number;
  readonly #longestRetryMs: number;
  readonly #random: () => number;
  readonly #priorityOf: (key: K) => number;
  /** Keys that must be worked on. */
  readonly #dirty = new Map<K, Waiting<K>>();
  /** The order of the keys that may be worked on now; entries that are no longer in `#dirty` are stale. */
  readonly #ready = new Heap<Waiting<K>>(comesFirst);
  readonly #processing = new Map<K, number>();
  readonly #failures = new Map<K, number>();
  readonly #delayed: DelayedKeys<K>;
  readonly #takers: ((key: K | undefined) => void)[] = [];
  #order = 0;
  #closed = false;

  constructor(name: string, options: QueueOptions = {}) {
    this.name = name;
    this.#clock = options.clock ?? systemClock;
    this.#metrics = options.metrics && queueMetrics(options.metrics);
    this.#firstRetryMs = options.firstRetryMs ?? 10;
    this.#longestRetryMs = options.longestRetryMs ?? 60_000;
    this.#random = options.random ?? Math.random;
    this.#priorityOf = options.priorityOf ?? (() => 0);
    this.#delayed = new DelayedKeys(this.#clock, key => this.add(key));
  }

  /** Keys ready to be taken. */
  get length(): number {
    let again = 0;
    for (const key of this.#processing.keys()) if (this.#dirty.has(key)) again++;
    return this.#dirty.size - again;
  }

  /** Adds a key; one that waits already moves forward when the new priority is higher. */
  add(key: K, priority = this.#priorityOf(key)): void {
    if (this.#closed) return;
    const known = this.#dirty.get(key);
    if (known && known.priority >= priority) return;
    const { since = this.#clock.monotonic(), order = this.#order++ } = known ?? {};
    const waiting = { key, priority, since, order };
    this.#dirty.set(key, waiting);
    if (!known) this.#metrics?.adds.inc({ name: this.name });
    if (!this.#processing.has(key)) this.#enqueue(waiting);
  }

  /** Adds a key once `ms` have passed; the earliest of several such times counts. */
  addAfter(key: K, ms: number): void {
    if (this.#closed) return;
    if (ms <= 0) this.add(key);
    else this.#delayed.add(key, ms);
  }

  /** Adds a failed key again after its back-off, which begins with `firstMs` and doubles with each failure in a row. */
  retry(key: K, firstMs = this.#firstRetryMs): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.#metrics?.retries.inc({ name: this.name });
    const full = Math.min(firstMs * 2 ** failures, this.#longestRetryMs);
    this.addAfter(key, full * (0.5 + this.#random() / 2));
  }

  /** Forgets the failures of a key: its next back-off starts small again. */
  forget(key: K): void {
    this.#failures.delete(key);
  }

  /** Failures of a key in a row. */
  failures(key: K): number {
    return this.#failures.get(key) ?? 0;
  }

  /** Waits for a key; `undefined` once the queue is closed. Give it back with {@link done}. */
  take(): Promise<K | undefined> {
    const key = this.#closed ? undefined : this.#next();
    if (key !== undefined || this.#closed) return Promise.resolve(key);
    return new Promise(resolve => this.#takers.push(resolve));
  }

  /** Work on a taken key has ended; it runs again if it was added meanwhile. */
  done(key: K): void {
    const started = this.#processing.get(key);
    if (started === undefined) return;
    this.#processing.delete(key);
    this.#metrics?.worked.observe({ name: this.name }, (this.#clock.monotonic() - started) / 1000);
    const waiting = this.#dirty.get(key);
    if (waiting) this.#enqueue(waiting);
  }

  /** Drops what waits and releases everyone who waits for a key. */
  close(): void {
    this.#closed = true;
    this.#delayed.clear();
    this.#dirty.clear();
    this.#ready.clear();
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }

  #enqueue(waiting: Waiting<K>): void {
    this.#ready.push(waiting);
    this.#metrics?.depth.set({ name: this.name }, this.length);
    if (this.#takers.length === 0) return;
    const next = this.#next();
    if (next !== undefined) this.#takers.shift()?.(next);
  }

  #next(): K | undefined {
    for (let first = this.#ready.pop(); first !== undefined; first = this.#ready.pop()) {
      if (this.#dirty.get(first.key) !== first) continue;
      this.#start(first);
      return first.key;
    }
    return undefined;
  }

  #start({ key, since }: Waiting<K>): void {
    const now = this.#clock.monotonic();
    this.#dirty.delete(key);
    this.#processing.set(key, now);
    this.#metrics?.depth.set({ name: this.name }, this.length);
    this.#metrics?.waited.observe({ name: this.name }, (now - since) / 1000);
  }
}

function comesFirst<K>(a: Waiting<K>, b: Waiting<K>): boolean {
  return a.priority === b.priority ? a.order < b.order : a.priority > b.priority;
}
