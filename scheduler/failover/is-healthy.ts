import { feedKey } from '../../api/apps/feed.ts';
import type { Subscription } from '../../api/apps/subscription.ts';
import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import { isTrue } from '../../api/conditions.ts';
import { PresentReplicas } from '../present-replicas.ts';

/** Whether the cluster is ready and every feed does its work there, with all replicas that the status gives it. */
export function isHealthy(
  { spec, status }: Subscription,
  key: string,
  cluster: ManagedCluster,
): boolean {
  if (!isTrue(cluster.status?.conditions, 'Ready')) return false;
  const present = PresentReplicas.in(status);
  return spec.feeds.map(feedKey).every(feed => {
    const replicas = present.has(feed) ? present.of(key, feed) : undefined;
    if (replicas === 0) return true;
    const found = status?.aggregatedStatuses?.find(each => feedKey(each) === feed);
    const detail = found?.feedStatusDetails?.find(
      ({ clusterId }) => clusterId === cluster.spec.clusterId,
    );
    const running = detail?.replicaStatus?.availableReplicas;
    // A report may be older than the replicas that were added.
    return detail?.available === true && (running ?? Infinity) >= (replicas ?? 0);
  });
}
