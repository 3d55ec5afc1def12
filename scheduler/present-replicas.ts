import type { SubscriptionStatus } from '../api/apps/subscription.ts';

const known = new WeakMap<SubscriptionStatus, PresentReplicas>();

/** The replicas that a Subscription's status gives each cluster. */
export class PresentReplicas {
  readonly #replicas: ReadonlyMap<string, readonly number[]>;
  readonly #positions: ReadonlyMap<string, number>;

  /** Of a status, which never changes, made once for all who ask. */
  static in(status: SubscriptionStatus = {}): PresentReplicas {
    return known.getOrInsertComputed(status, () => new PresentReplicas(status));
  }

  private constructor({ bindingClusters = [], replicas = {} }: SubscriptionStatus) {
    this.#positions = new Map(bindingClusters.map((cluster, index) => [cluster, index]));
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
    return counts === undefined ? 0 : Math.max(0, counts[this.#positions.get(cluster) ?? -1] ?? 0);
  }
}
