import type { SubscriptionSpec } from '../../api/apps/subscription.ts';
import type { Clusters } from '../cluster-index.ts';

/**
 * The weights in static dividing of clusters given by sorted `namespace/name`: each the sum over all subscribers it
 * matches, 0 when it matches none with a weight.
 */
export function clusterWeights(
  { subscribers }: SubscriptionSpec,
  clusters: Clusters,
  keys: readonly string[],
): readonly number[] {
  const weights = keys.map(() => 0);
  for (const { weight = 0, clusterAffinity } of subscribers) {
    if (weight === 0) continue;
    // Both lists are sorted: walked side by side, nothing has to be looked up.
    let at = 0;
    for (const { key } of clusters.select(clusterAffinity)) {
      while (at < keys.length && (keys[at] ?? '') < key) at++;
      if (keys[at] === key) weights[at] = (weights[at] ?? 0) + weight;
    }
  }
  return weights;
}
