/** A set of items of which the first, by the order given, is always at hand. */
export class Heap<T> {
  readonly #before: (a: T, b: T) => boolean;
  #items: T[] = [];

  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#items.length;
  }

  get first(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    let at = this.#items.length;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = this.#items[up] as T;
      if (!this.#before(item, parent)) break;
      this.#items[at] = parent;
      at = up;
    }
    this.#items[at] = item;
  }

  /** Takes the first item out. */
  pop(): T | undefined {
    const first = this.#items[0];
    const last = this.#items.pop();
    if (last !== undefined && this.#items.length > 0) this.#sink(last);
    return first;
  }

  clear(): void {
    this.#items = [];
  }

  #sink(item: T): void {
    let at = 0;
    for (;;) {
      const child = this.#smallerChild(at);
      const below = this.#items[child];
      if (below === undefined || !this.#before(below, item)) break;
      this.#items[at] = below;
      at = child;
    }
    this.#items[at] = item;
  }

  #smallerChild(at: number): number {
    const left = this.#items[2 * at + 1];
    const right = this.#items[2 * at + 2];
    const isRight = left !== undefined && right !== undefined && this.#before(right, left);
    return isRight ? 2 * at + 2 : 2 * at + 1;
  }
}
