import type { Clock } from './clock.ts';
import { Heap } from './heap.ts';

interface Entry<K> {
  readonly key: K;
  readonly due: number;
}

/** Keys that become ready later: one timer for all of them; the earliest time asked for a key wins. */
export class DelayedKeys<K extends string> {
  readonly #clock: Clock;
  readonly #ready: (key: K) => void;
  readonly #due = new Map<K, number>();
  readonly #heap = new Heap<Entry<K>>((a, b) => a.due < b.due);
  #cancelTimer: (() => void) | undefined;

  constructor(clock: Clock, ready: (key: K) => void) {
    this.#clock = clock;
    this.#ready = ready;
  }

  get size(): number {
    return this.#due.size;
  }

  add(key: K, ms: number): void {
    const due = this.#clock.monotonic() + ms;
    const known = this.#due.get(key);
    if (known !== undefined && known <= due) return;
    this.#due.set(key, due);
    this.#heap.push({ key, due });
    if (this.#heap.first?.key === key) this.#arm();
  }

  /** Forgets every waiting key. */
  clear(): void {
    this.#cancelTimer?.();
    this.#due.clear();
    this.#heap.clear();
  }

  #arm(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const { first } = this.#heap;
    if (first === undefined) return;
    const wait = Math.ceil(first.due - this.#clock.monotonic());
    this.#cancelTimer = this.#clock.after(wait, () => this.#release());
  }

  #release(): void {
    const now = this.#clock.monotonic();
    for (let { first } = this.#heap; first && first.due <= now; { first } = this.#heap) {
      this.#heap.pop();
      // An entry overtaken by an earlier one for the same key stays in the heap and is skipped here.
      if (this.#due.get(first.key) !== first.due) continue;
      this.#due.delete(first.key);
      this.#ready(first.key);
    }
    this.#arm();
  }
}
