import type { Subscription } from '../../api/apps/subscription.ts';

/**
 * The Subscription as it was before others were to stand in for clusters it was about to leave: what was bound, and the
 * replicas that were added, only for that are taken off again.
 */
export function beforeFailover(subscription: Subscription): Subscription {
  const { status } = subscription;
  if (!status?.failover) return subscription;
  const { failover, bindingClusters = [], replicas, ...rest } = status;
  const added = new Map(failover.replacements.map(each => [each.cluster, each]));
  const stays = bindingClusters.map(cluster => !added.get(cluster)?.joined);
  const columns = Object.entries(replicas ?? {}).map(([feed, counts]) => {
    const before = counts.map((count, index) => {
      const more = added.get(bindingClusters[index] ?? '')?.replicas?.[feed] ?? 0;
      return Math.max(0, count - more);
    });
    return [feed, before.filter((_, index) => stays[index])] as const;
  });
  return {
    ...subscription,
    status: {
      ...rest,
      bindingClusters: bindingClusters.filter((_, index) => stays[index]),
      ...(replicas && { replicas: Object.fromEntries(columns) }),
    },
  };
}
