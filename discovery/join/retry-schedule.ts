/** What stands in the way, as far as it says how soon another try is worth while. */
export type RetryCause = 'watch' | 'approval' | 'agent' | 'hub' | 'network' | 'refusal';

interface Pace {
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Fast where the obstacle goes away by itself within moments, slow where a human has to act; watches wake us earlier where they can. */
const paces: Readonly<Record<Exclude<RetryCause, 'watch'>, Pace>> = {
  approval: { firstMs: 100, lastMs: 30_000 },
  agent: { firstMs: 2_000, lastMs: 30_000 },
  hub: { firstMs: 2_000, lastMs: 60_000 },
  network: { firstMs: 1_000, lastMs: 300_000 },
  refusal: { firstMs: 60_000, lastMs: 1_800_000 },
};

interface Attempts {
  readonly obstacle: string;
  readonly count: number;
}

/** When to look again at what is blocked: the wait doubles as long as the obstacle stays the same, and starts over when it changes. */
export class RetrySchedule {
  readonly #attempts = new Map<string, Attempts>();
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Milliseconds until the next try, with up to a fifth of jitter; undefined where a watch tells when it is worth while. */
  next(key: string, obstacle: string, cause: RetryCause): number | undefined {
    if (cause === 'watch') return undefined;
    const last = this.#attempts.get(key);
    const count = last?.obstacle === obstacle ? last.count + 1 : 0;
    this.#attempts.set(key, { obstacle, count });
    const { firstMs, lastMs } = paces[cause];
    const wait = Math.min(lastMs, firstMs * 2 ** Math.min(count, 30));
    return Math.round(wait * (1 - 0.2 * this.#random()));
  }

  /** Nothing is in the way any more. */
  clear(key: string): void {
    this.#attempts.delete(key);
  }
}
