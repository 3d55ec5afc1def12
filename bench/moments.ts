/** When things were first seen, by name, in milliseconds of `performance.now()`. */
export class Moments {
  readonly #times = new Map<string, number>();
  readonly #awaited = new Map<string, PromiseWithResolvers<number>>();

  /** Notes that something is seen now; only its first time counts. */
  note(what: string): void {
    if (this.#times.has(what)) return;
    const now = performance.now();
    this.#times.set(what, now);
    this.#awaited.get(what)?.resolve(now);
    this.#awaited.delete(what);
  }

  /** When it was seen, if it was. */
  at(what: string): number | undefined {
    return this.#times.get(what);
  }

  /** When it was seen, or will be; rejects when that takes longer than `withinMs` from now. */
  async when(what: string, withinMs: number): Promise<number> {
    const seen = this.at(what);
    if (seen !== undefined) return seen;
    const { promise, reject } = this.#awaited.getOrInsertComputed(what, () =>
      Promise.withResolvers(),
    );
    const late = () => reject(new Error(`${what} was not seen within ${withinMs / 1000} s`));
    const timer = setTimeout(late, withinMs);
    return promise.finally(() => clearTimeout(timer));
  }
}
