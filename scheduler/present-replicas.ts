import type { SubscriptionStatus } from '../api/apps/subscription.ts';

const known = new WeakMap<SubscriptionStatus, PresentReplicas>();

/** The replicas that a Subscription's status gives each cluster. */
export class PresentReplicas {
  readonly #replicas: ReadonlyMap<string, readonly number[]>;
  readonly #clusters: readonly string[];
  #positions: ReadonlyMap<string, number> | undefined;

  /** Of a status, which never changes, made once for all who ask. */
  static in(status: SubscriptionStatus = {}): PresentReplicas {
    return known.getOrInsertComputed(status, () => new PresentReplicas(status));
  }

  private constructor({ bindingClusters = [], replicas = {} }: SubscriptionStatus) {
    this.#clusters = bindingClusters;
    // A list that does not fit the clusters says nothing about any of them.
    this.#replicas = new Map(
      Object.entries(replicas).filter(([, each]) => each.length === bindingClusters.length),
    );
  }

  /** Whether the feed, by its key, was divided. */
  has(feed: string): boolean {
    return this.#replicas.has(feed);
  }

  /** Replicas of a feed in the cluster `namespace/name`; 0 where the status gives none. */
  of(cluster: string, feed: string): number {
    const counts = this.#replicas.get(feed);
    return counts === undefined ? 0 : at(counts, this.#position(cluster));
  }

  /** The same for many clusters, in their order. */
  column(clusters: readonly string[], feed: string): readonly number[] {
    const counts = this.#replicas.get(feed);
    if (counts === undefined) return clusters.map(() => 0);
    // Most lists are much like the one in the status: what follows one cluster there mostly follows it here.
    let next = 0;
    return clusters.map(cluster => {
      const position = this.#clusters[next] === cluster ? next : this.#position(cluster);
      next = position + 1;
      return at(counts, position);
    });
  }

  /** -1 for a cluster that is not bound. */
  #position(cluster: string): number {
    this.#positions ??= new Map(this.#clusters.map((each, index) => [each, index]));
    return this.#positions.get(cluster) ?? -1;
  }
}

function at(counts: readonly number[], position: number): number {
  return Math.max(0, counts[position] ?? 0);
}
