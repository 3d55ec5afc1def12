export interface BackoffOptions {
  readonly initialMs?: number;
  readonly maxMs?: number;
  /** Replaces Math.random in tests. */
  readonly random?: () => number;
}

/** Doubling delays with jitter: each is between half and all of the step, which never passes `maxMs`. */
export class Backoff {
  readonly #initialMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #stepMs: number;

  constructor(options: BackoffOptions = {}) {
    this.#initialMs = options.initialMs ?? 500;
    this.#maxMs = options.maxMs ?? 30_000;
    this.#random = options.random ?? Math.random;
    this.#stepMs = this.#initialMs;
  }

  next(): number {
    const step = this.#stepMs;
    this.#stepMs = Math.min(step * 2, this.#maxMs);
    return step / 2 + (this.#random() * step) / 2;
  }

  reset(): void {
    this.#stepMs = this.#initialMs;
  }
}
