import type { SubscriptionSpec } from '../../api/apps/subscription.ts';
import { matchesSelector } from '../../api/label-selector.ts';

/** The weight of a cluster in static dividing: the sum over all subscribers its labels match. */
export function clusterWeight(
  { subscribers }: SubscriptionSpec,
  labels: Readonly<Record<string, string>> | undefined,
): number {
  return subscribers.reduce(
    (sum, { weight = 0, clusterAffinity }) =>
      weight > 0 && matchesSelector(clusterAffinity, labels) ? sum + weight : sum,
    0,
  );
}
