import type { ManagedCluster } from '../api/clusters/managed-cluster.ts';

/** A cluster with what `status.bindingClusters` calls it: `namespace/name`. */
export interface KeyedCluster {
  readonly key: string;
  readonly cluster: ManagedCluster;
}

/** Clusters in the order of their keys. A list once handed out never changes: the next change starts a copy. */
export class SortedClusters {
  #list: KeyedCluster[] = [];
  #shared = false;

  get size(): number {
    return this.#list.length;
  }

  list(): readonly KeyedCluster[] {
    this.#shared = true;
    return this.#list;
  }

  set(item: KeyedCluster): void {
    const at = this.#positionOf(item.key);
    const known = this.#list[at]?.key === item.key;
    const list = this.#own();
    if (known) list[at] = item;
    else list.splice(at, 0, item);
  }

  delete(key: string): void {
    const at = this.#positionOf(key);
    if (this.#list[at]?.key === key) this.#own().splice(at, 1);
  }

  #own(): KeyedCluster[] {
    if (this.#shared) this.#list = this.#list.slice();
    this.#shared = false;
    return this.#list;
  }

  /** Where the key is, or would be. */
  #positionOf(key: string): number {
    let low = 0;
    let high = this.#list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#list[middle]?.key ?? '') < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
