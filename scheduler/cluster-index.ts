import { isDeepStrictEqual } from 'node:util';
import type { ManagedCluster } from '../api/clusters/managed-cluster.ts';
import { type LabelSelector, matchesSelector } from '../api/label-selector.ts';
import type { Informer } from '../reconcile/informer.ts';
import { keyOf } from '../reconcile/key.ts';
import { anyLabel, demandsOf, isSingleDemand, offersOf } from './label-demand.ts';
import { type KeyedCluster, SortedClusters } from './sorted-clusters.ts';

/** The clusters there are. Every list is in the order of the keys and stays as it is while somebody holds it. */
export interface Clusters {
  /** All that are not being deleted. */
  list(): readonly KeyedCluster[];
  /** Those of the list whose labels match, found without looking at all of them. */
  select(selector: LabelSelector): readonly KeyedCluster[];
  /** Whether the cluster, by its key, is being deleted. */
  isLeaving(key: string): boolean;
}

/** Keeps {@link Clusters} up to date, by label, as clusters change: a decision among 10,000 copies nothing. */
export class ClusterIndex implements Clusters {
  readonly #byOffer = new Map<string, SortedClusters>();
  readonly #leaving = new Set<string>();
  /** By key, as they are in the lists. */
  readonly #known = new Map<string, ManagedCluster>();

  /** Of these clusters. */
  static of(clusters: readonly ManagedCluster[]): ClusterIndex {
    const index = new ClusterIndex();
    for (const cluster of clusters) index.set(cluster);
    return index;
  }

  /** Of the clusters that an informer knows, now and later. */
  static follow(informer: Informer<ManagedCluster>): ClusterIndex {
    const index = new ClusterIndex();
    informer.onChange(({ type, object }) => {
      if (type === 'deleted') index.remove(keyOf(object));
      else index.set(object);
    });
    return index;
  }

  list(): readonly KeyedCluster[] {
    return this.#byOffer.get(anyLabel)?.list() ?? [];
  }

  select(selector: LabelSelector): readonly KeyedCluster[] {
    const found = this.#merge(this.#narrowest(selector));
    if (isSingleDemand(selector)) return found;
    return found.filter(({ cluster }) => matchesSelector(selector, cluster.metadata.labels));
  }

  isLeaving(key: string): boolean {
    return this.#leaving.has(key);
  }

  set(cluster: ManagedCluster): void {
    const key = keyOf(cluster);
    const old = this.#known.get(key)?.metadata.labels;
    // Most changes are reports of a status: the lists stay the same but for this one cluster.
    if (!isDeepStrictEqual(old, cluster.metadata.labels)) this.remove(key);
    if (cluster.metadata.deletionTimestamp !== undefined) {
      this.remove(key);
      this.#leaving.add(key);
      return;
    }
    this.#leaving.delete(key);
    this.#known.set(key, cluster);
    for (const offer of offersOf(cluster.metadata.labels ?? {})) {
      this.#byOffer.getOrInsertComputed(offer, () => new SortedClusters()).set({ key, cluster });
    }
  }

  remove(key: string): void {
    this.#leaving.delete(key);
    const known = this.#known.get(key);
    if (known === undefined) return;
    this.#known.delete(key);
    for (const offer of offersOf(known.metadata.labels ?? {})) {
      const clusters = this.#byOffer.get(offer);
      clusters?.delete(key);
      if (clusters?.size === 0) this.#byOffer.delete(offer);
    }
  }

  #narrowest(selector: LabelSelector): readonly string[] {
    const demands = demandsOf(selector).map(offers => ({ offers, size: this.#sizeOf(offers) }));
    return demands.reduce((a, b) => (b.size < a.size ? b : a)).offers;
  }

  #sizeOf(offers: readonly string[]): number {
    return offers.reduce((sum, offer) => sum + (this.#byOffer.get(offer)?.size ?? 0), 0);
  }

  /** A label has one value only, so that no cluster is found twice. */
  #merge(offers: readonly string[]): readonly KeyedCluster[] {
    const lists = offers.flatMap(offer => [this.#byOffer.get(offer)?.list() ?? []]);
    const [first = [], second] = lists.filter(({ length }) => length > 0);
    return second === undefined ? first : sortByKey(lists.flat());
  }
}

/** Sorts in place; clusters that are sorted in part already cost little. */
export function sortByKey<T extends { readonly key: string }>(clusters: T[]): T[] {
  return clusters.sort((a, b) => (a.key < b.key ? -1 : 1));
}
