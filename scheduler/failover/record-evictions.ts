import type { SubscriptionStatus } from '../../api/apps/subscription.ts';
import type { Cycle } from '../framework/plugin.ts';
import type { Decision } from '../place.ts';
import { PresentReplicas } from '../present-replicas.ts';

type Failover = NonNullable<SubscriptionStatus['failover']>;
type Replacement = Failover['replacements'][number];

/** What the status is to say about the clusters that a decision leaves, so that a restart goes on with it; undefined when it leaves none. */
export function recordEvictions(
  { subscription: { status }, bound, evictions }: Cycle,
  { clusters = [], evicting = [], replicas = {} }: Decision,
  now: Date,
): Failover | undefined {
  if (evicting.length === 0) return undefined;
  const present = PresentReplicas.in(status);
  const started = new Map(status?.failover?.evictions.map(each => [each.cluster, each]));
  const known = new Map(status?.failover?.replacements.map(each => [each.cluster, each]));
  const leaving = new Set(evicting);
  const replacements = clusters.flatMap((cluster, index): Replacement[] => {
    if (leaving.has(cluster)) return [];
    const old = known.get(cluster);
    const more = Object.entries(replicas).flatMap(([feed, counts]) => {
      const count = counts[index] ?? 0;
      const added = (old?.replicas?.[feed] ?? 0) + count - present.of(cluster, feed);
      return added > 0 ? [[feed, Math.min(added, count)] as const] : [];
    });
    const joined = old?.joined === true || !bound.has(cluster);
    if (!joined && more.length === 0) return [];
    return [
      {
        cluster,
        ...(joined && { joined }),
        ...(more.length > 0 && { replicas: Object.fromEntries(more) }),
      },
    ];
  });
  const startTime = `${now.toISOString().slice(0, 19)}Z`;
  return {
    evictions: evicting.map(cluster => ({
      cluster,
      reason: evictions?.evicting.get(cluster) ?? 'NotReady',
      startTime: started.get(cluster)?.startTime ?? startTime,
    })),
    replacements,
  };
}
