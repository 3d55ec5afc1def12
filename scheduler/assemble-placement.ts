import { feedKey, formatFeed } from '../api/apps/feed.ts';
import { sum } from './assign/sum.ts';
import type { Assignment, Cycle, Placement, Replicas } from './framework/plugin.ts';
import type { Decision } from './place.ts';
import type { PresentReplicas } from './present-replicas.ts';

/** A placement with replicas, and what became of the clusters that were to leave it. */
export interface DividedPlacement extends Required<Placement> {
  /** Clusters that leave, of those the decision lets go. */
  readonly removed: readonly string[];
  /** Which replicas found no room, when some did not. */
  readonly shortfall?: string;
}

/**
 * Puts the replicas that were assigned into the order of status.bindingClusters; a feed without replicas has `[]`.
 * A cluster that is to leave keeps those of its replicas that found no room elsewhere: nothing is withdrawn
 * without a replacement.
 */
export function assemblePlacement(
  { subscription, bound }: Cycle,
  decision: Decision,
  { replicas: assigned }: Assignment,
  present: PresentReplicas,
  wanted: Replicas,
): DividedPlacement {
  const { clusters = [], removed } = decision;
  const staying = clusters.filter(key => assigned.has(key) || bound.has(key));
  const columns = Object.entries(wanted).map(([feed, desired]) => {
    const counts = new Map(
      staying.map(key => [key, assigned.get(key)?.[feed] ?? present.of(key, feed)]),
    );
    let missing = Math.max(0, desired - sum(counts.values()));
    for (const key of removed) {
      const kept = Math.min(missing, present.of(key, feed));
      if (kept > 0) counts.set(key, kept);
      missing -= kept;
    }
    return { feed, desired, counts, placed: sum(counts.values()) };
  });
  const kept = new Set(columns.flatMap(({ counts }) => removed.filter(key => counts.has(key))));
  const all = kept.size === 0 ? staying : [...staying, ...kept].sort();
  const divided = new Map(columns.map(({ feed, counts }) => [feed, counts]));
  const replicas = subscription.spec.feeds.map(feedKey).map(feed => {
    const counts = divided.get(feed);
    return [feed, counts ? all.map(key => counts.get(key) ?? 0) : []] as const;
  });
  const names = new Map(subscription.spec.feeds.map(feed => [feedKey(feed), formatFeed(feed)]));
  const short = columns
    .filter(({ placed, desired }) => placed < desired)
    .map(({ feed, placed, desired }) => `${placed} of ${desired} replicas of ${names.get(feed)}`);
  return {
    clusters: all,
    replicas: Object.fromEntries(replicas),
    removed: removed.filter(key => !kept.has(key)),
    ...(short.length > 0 && { shortfall: `room for ${short.slice(0, 5).join(', ')}` }),
  };
}
