import { feedKey, formatFeed } from '../api/apps/feed.ts';
import type { SubscriptionSpec } from '../api/apps/subscription.ts';
import { sum } from './assign/sum.ts';
import type { Assignment, Candidate, Cycle, Placement, Replicas } from './framework/plugin.ts';
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
  { subscription: { spec }, bound }: Cycle,
  { clusters: selected = [], candidates, removed, evicting = [] }: Decision,
  assignment: Assignment,
  present: PresentReplicas,
  wanted: Replicas,
): DividedPlacement {
  // Most often all of them were assigned something: then nothing has to be looked up.
  const isWhole = equalLists(selected, assignment.clusters);
  const positions = new Map(isWhole ? [] : assignment.clusters.map((key, index) => [key, index]));
  const staying = isWhole ? selected : selected.filter(key => positions.has(key) || bound.has(key));
  const columns = Object.entries(wanted).map(([feed, desired]) => {
    const assigned = assignment.replicas?.[feed];
    const before = present.column(staying, feed);
    // Who stands in gets more; nobody gives anything away for it before it is there.
    const keepsAll = evicting.length > 0 && runningIn(candidates, present, feed) <= desired;
    const counts = staying.map((key, index) => {
      const position = isWhole ? index : (positions.get(key) ?? -1);
      const had = before[index] ?? 0;
      const count = assigned?.[position] ?? had;
      return keepsAll ? Math.max(count, had) : count;
    });
    return [feed, counts] as const;
  });
  const placed = { clusters: staying, replicas: Object.fromEntries(columns) };
  const leaving = new Set(evicting);
  const { clusters, replicas } = withLingering(placed, removed, present, wanted);
  const lingering = new Set(removed.length > 0 ? clusters : []);
  const shortfall = shortfallOf(spec, wanted, without(leaving, clusters, replicas));
  return {
    clusters,
    replicas: Object.fromEntries(
      spec.feeds.map(feedKey).map(feed => [feed, replicas[feed] ?? []] as const),
    ),
    removed: removed.filter(key => !lingering.has(key)),
    ...(shortfall !== undefined && { shortfall }),
  };
}

function equalLists(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((each, index) => each === others[index]);
}

function runningIn(
  candidates: readonly Candidate[],
  present: PresentReplicas,
  feed: string,
): number {
  return sum(candidates.map(({ key }) => present.of(key, feed)));
}

/** The replicas of the clusters that are not being evicted. */
function without(
  leaving: ReadonlySet<string>,
  clusters: readonly string[],
  replicas: Required<Placement>['replicas'],
): Required<Placement>['replicas'] {
  if (leaving.size === 0) return replicas;
  const columns = Object.entries(replicas).map(
    ([feed, counts]) =>
      [feed, counts.filter((_, index) => !leaving.has(clusters[index] ?? ''))] as const,
  );
  return Object.fromEntries(columns);
}

/** The placement with those of the leaving clusters that keep something. */
function withLingering(
  placed: Required<Placement>,
  removed: readonly string[],
  present: PresentReplicas,
  wanted: Replicas,
): Required<Placement> {
  const kept = new Map<string, Record<string, number>>();
  for (const [feed, counts] of Object.entries(placed.replicas)) {
    let missing = (wanted[feed] ?? 0) - sum(counts);
    for (const key of removed) {
      const count = Math.min(missing, present.of(key, feed));
      if (count <= 0) continue;
      kept.getOrInsertComputed(key, () => ({}))[feed] = count;
      missing -= count;
    }
  }
  if (kept.size === 0) return placed;
  const clusters = [...placed.clusters, ...kept.keys()].sort();
  const positions = new Map(placed.clusters.map((key, index) => [key, index]));
  const columns = Object.entries(placed.replicas).map(([feed, counts]) => {
    const all = clusters.map(key => counts[positions.get(key) ?? -1] ?? kept.get(key)?.[feed] ?? 0);
    return [feed, all] as const;
  });
  return { clusters, replicas: Object.fromEntries(columns) };
}

/** Which replicas found no room; undefined when all did. */
function shortfallOf(
  { feeds }: SubscriptionSpec,
  wanted: Replicas,
  replicas: Required<Placement>['replicas'],
): string | undefined {
  const short = feeds.flatMap(feed => {
    const [desired = 0, placed] = [wanted[feedKey(feed)], sum(replicas[feedKey(feed)] ?? [])];
    return placed < desired ? [`${placed} of ${desired} replicas of ${formatFeed(feed)}`] : [];
  });
  return short.length > 0 ? `room for ${short.slice(0, 5).join(', ')}` : undefined;
}
