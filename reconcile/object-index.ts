/** One way to find objects: by the keys a function derives from each of them. */
export class ObjectIndex<T> {
  readonly #keysOf: (object: T) => readonly string[];
  readonly #buckets = new Map<string, Map<string, T>>();

  constructor(keysOf: (object: T) => readonly string[]) {
    this.#keysOf = keysOf;
  }

  /** The objects found under `key`. */
  at(key: string): T[] {
    return [...(this.#buckets.get(key)?.values() ?? [])];
  }

  /** Every key under which something is found. */
  keys(): string[] {
    return [...this.#buckets.keys()];
  }

  /** Replaces what `id` stood for; `undefined` on either side means it was not or is no longer there. */
  replace(id: string, old: T | undefined, object: T | undefined): void {
    if (old !== undefined) for (const key of this.#keysOf(old)) this.#remove(key, id);
    if (object === undefined) return;
    for (const key of this.#keysOf(object)) {
      this.#buckets.getOrInsertComputed(key, () => new Map()).set(id, object);
    }
  }

  #remove(key: string, id: string): void {
    const bucket = this.#buckets.get(key);
    bucket?.delete(id);
    if (bucket?.size === 0) this.#buckets.delete(key);
  }
}
