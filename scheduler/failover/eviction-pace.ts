import type { Clock } from '../../reconcile/clock.ts';

/** Lets only so many clusters a minute start to be left; whichever Subscription asks first starts its cluster for all. */
export class EvictionPace {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #admitted = new Set<string>();
  #next = -Infinity;

  constructor(clock: Clock, clustersPerMinute: number) {
    this.#clock = clock;
    this.#intervalMs = 60_000 / clustersPerMinute;
  }

  /** Milliseconds until it is the turn of the cluster, by its key; 0 admits it. */
  wait(cluster: string): number {
    if (this.#admitted.has(cluster)) return 0;
    const now = this.#clock.monotonic();
    if (now < this.#next) return this.#next - now;
    this.#admitted.add(cluster);
    this.#next = now + this.#intervalMs;
    return 0;
  }

  /** The cluster is well again, or gone: the next time it waits its turn. */
  forget(cluster: string): void {
    this.#admitted.delete(cluster);
  }
}
