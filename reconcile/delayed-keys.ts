import type { Clock } from './clock.ts';

interface Entry<K> {
  readonly key: K;
  readonly due: number;
}

/** Keys that become ready later: one timer for all of them; the earliest time asked for a key wins. */
export class DelayedKeys<K extends string> {
  readonly #clock: Clock;
  readonly #ready: (key: K) => void;
  readonly #due = new Map<K, number>();
  readonly #heap: Entry<K>[] = [];
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
    push(this.#heap, { key, due });
    if (this.#heap[0]?.key === key) this.#arm();
  }

  /** Forgets every waiting key. */
  clear(): void {
    this.#cancelTimer?.();
    this.#due.clear();
    this.#heap.length = 0;
  }

  #arm(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const first = this.#heap[0];
    if (first === undefined) return;
    const wait = Math.ceil(first.due - this.#clock.monotonic());
    this.#cancelTimer = this.#clock.after(wait, () => this.#release());
  }

  #release(): void {
    const now = this.#clock.monotonic();
    for (let first = this.#heap[0]; first && first.due <= now; first = this.#heap[0]) {
      pop(this.#heap);
      // An entry overtaken by an earlier one for the same key stays in the heap and is skipped here.
      if (this.#due.get(first.key) !== first.due) continue;
      this.#due.delete(first.key);
      this.#ready(first.key);
    }
    this.#arm();
  }
}

function push<K>(heap: Entry<K>[], entry: Entry<K>): void {
  let at = heap.length;
  while (at > 0) {
    const up = (at - 1) >> 1;
    const parent = heap[up];
    if (parent === undefined || parent.due <= entry.due) break;
    heap[at] = parent;
    at = up;
  }
  heap[at] = entry;
}

function pop<K>(heap: Entry<K>[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    const child = smallerChild(heap, at);
    const entry = heap[child];
    if (entry === undefined || entry.due >= last.due) break;
    heap[at] = entry;
    at = child;
  }
  heap[at] = last;
}

function smallerChild<K>(heap: readonly Entry<K>[], at: number): number {
  const left = heap[2 * at + 1];
  const right = heap[2 * at + 2];
  return right !== undefined && left !== undefined && right.due < left.due
    ? 2 * at + 2
    : 2 * at + 1;
}
