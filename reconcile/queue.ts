import type { Registry } from 'prom-client';
import { type Clock, systemClock } from './clock.ts';
import { DelayedKeys } from './delayed-keys.ts';
import { Fifo } from './fifo.ts';
import { type QueueMetrics, queueMetrics } from './queue-metrics.ts';

/** `low` is for the flood of a first list: changes that happen meanwhile overtake it. */
export type Priority = 'normal' | 'low';

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
}

interface Waiting {
  readonly priority: Priority;
  readonly since: number;
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
  readonly #lanes = { normal: new Fifo<K>(), low: new Fifo<K>() };
  /** Keys that must be worked on; the lanes only give their order and may hold stale entries. */
  readonly #dirty = new Map<K, Waiting>();
  readonly #processing = new Map<K, number>();
  readonly #failures = new Map<K, number>();
  readonly #delayed: DelayedKeys<K>;
  readonly #takers = new Fifo<(key: K | undefined) => void>();
  #closed = false;

  constructor(name: string, options: QueueOptions = {}) {
    this.name = name;
    this.#clock = options.clock ?? systemClock;
    this.#metrics = options.metrics && queueMetrics(options.metrics);
    this.#firstRetryMs = options.firstRetryMs ?? 10;
    this.#longestRetryMs = options.longestRetryMs ?? 60_000;
    this.#random = options.random ?? Math.random;
    this.#delayed = new DelayedKeys(this.#clock, key => this.add(key));
  }

  /** Keys ready to be taken. */
  get length(): number {
    let again = 0;
    for (const key of this.#processing.keys()) if (this.#dirty.has(key)) again++;
    return this.#dirty.size - again;
  }

  /** Adds a key; one that already waits in the low lane moves up when added as normal. */
  add(key: K, priority: Priority = 'normal'): void {
    if (this.#closed) return;
    const known = this.#dirty.get(key);
    if (known && (known.priority === priority || priority === 'low')) return;
    this.#dirty.set(key, { priority, since: known?.since ?? this.#clock.monotonic() });
    if (!known) this.#metrics?.adds.inc({ name: this.name });
    if (!this.#processing.has(key)) this.#enqueue(key, priority);
  }

  /** Adds a key once `ms` have passed; the earliest of several such times counts. */
  addAfter(key: K, ms: number): void {
    if (this.#closed) return;
    if (ms <= 0) this.add(key);
    else this.#delayed.add(key, ms);
  }

  /** Adds a failed key again after its back-off, which doubles with each failure in a row. */
  retry(key: K): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.#metrics?.retries.inc({ name: this.name });
    const full = Math.min(this.#firstRetryMs * 2 ** failures, this.#longestRetryMs);
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
    if (waiting) this.#enqueue(key, waiting.priority);
  }

  /** Drops what waits and releases everyone who waits for a key. */
  close(): void {
    this.#closed = true;
    this.#delayed.clear();
    this.#dirty.clear();
    for (let taker = this.#takers.shift(); taker; taker = this.#takers.shift()) taker(undefined);
  }

  #enqueue(key: K, priority: Priority): void {
    this.#lanes[priority].push(key);
    this.#metrics?.depth.set({ name: this.name }, this.length);
    if (this.#takers.size === 0) return;
    const next = this.#next();
    if (next !== undefined) this.#takers.shift()?.(next);
  }

  #next(): K | undefined {
    return this.#nextOf('normal') ?? this.#nextOf('low');
  }

  #nextOf(lane: Priority): K | undefined {
    for (let key = this.#lanes[lane].shift(); key !== undefined; key = this.#lanes[lane].shift()) {
      const waiting = this.#dirty.get(key);
      if (waiting?.priority !== lane || this.#processing.has(key)) continue;
      this.#start(key, waiting);
      return key;
    }
    return undefined;
  }

  #start(key: K, waiting: Waiting): void {
    const now = this.#clock.monotonic();
    this.#dirty.delete(key);
    this.#processing.set(key, now);
    this.#metrics?.depth.set({ name: this.name }, this.length);
    this.#metrics?.waited.observe({ name: this.name }, (now - waiting.since) / 1000);
  }
}
