import type { SubscriptionSpec } from '../../api/apps/subscription.ts';
import type { Clusters } from '../cluster-index.ts';

/**
 * The weights of clusters in static dividing, by `namespace/name`: the sum over all subscribers a cluster matches. One
 * that matches none with a weight is missing.
 */
export function clusterWeights(
  { subscribers }: SubscriptionSpec,
  clusters: Clusters,
): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const { weight = 0, clusterAffinity } of subscribers) {
    if (weight === 0) continue;
    for (const { key } of clusters.select(clusterAffinity)) {
      weights.set(key, (weights.get(key) ?? 0) + weight);
    }
  }
  return weights;
}
