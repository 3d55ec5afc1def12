import type { SubscriptionStatus } from '../api/apps/subscription.ts';

/** The replicas that a Subscription's status gives each cluster. */
export class PresentReplicas {
  readonly #replicas: Readonly<Record<string, readonly number[]>>;
  readonly #positions: ReadonlyMap<string, number>;

  constructor({ bindingClusters = [], replicas = {} }: SubscriptionStatus = {}) {
    this.#positions = new Map(bindingClusters.map((cluster, index) => [cluster, index]));
    // A list that does not fit the clusters says nothing about any of them.
    this.#replicas = Object.fromEntries(
      Object.entries(replicas).filter(([, each]) => each.length === bindingClusters.length),
    );
  }

  /** Whether the feed, by its key, was divided. */
  has(feed: string): boolean {
    return Object.hasOwn(this.#replicas, feed);
  }

  /** Replicas of a feed in the cluster `namespace/name`; 0 where the status gives none. */
  of(cluster: string, feed: string): number {
    const position = this.#positions.get(cluster) ?? -1;
    return Math.max(0, (this.has(feed) && this.#replicas[feed]?.[position]) || 0);
  }
}
