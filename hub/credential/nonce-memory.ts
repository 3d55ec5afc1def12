/** Remembers nonces for as long as a request carrying one could be accepted, within a bound per cluster. */
export class NonceMemory {
  readonly #seen = new Map<string, Map<string, number>>();
  readonly #now: () => number;
  readonly #keepMs: number;
  readonly #perCluster: number;

  /** `now` is wall time in milliseconds; timestamps five minutes off in both directions are accepted, hence ten minutes. */
  constructor(now: () => number, { keepMs = 600_000, perCluster = 1_000 } = {}) {
    this.#now = now;
    this.#keepMs = keepMs;
    this.#perCluster = perCluster;
  }

  /** Takes note of a nonce: `replayed` when it was used before, `full` when this cluster asks implausibly often. */
  use(clusterId: string, nonce: string): 'fresh' | 'replayed' | 'full' {
    this.#forgetOld();
    const nonces = this.#seen.get(clusterId) ?? new Map<string, number>();
    if (nonces.has(nonce)) return 'replayed';
    if (nonces.size >= this.#perCluster) return 'full';
    nonces.set(nonce, this.#now() + this.#keepMs);
    this.#seen.set(clusterId, nonces);
    return 'fresh';
  }

  /** Maps keep insertion order, so the oldest nonces of each cluster come first. */
  #forgetOld(): void {
    for (const [clusterId, nonces] of this.#seen) {
      for (const [nonce, expires] of nonces) {
        if (expires > this.#now()) break;
        nonces.delete(nonce);
      }
      if (nonces.size === 0) this.#seen.delete(clusterId);
    }
  }
}
