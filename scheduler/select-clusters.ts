import type { Subscription } from '../api/apps/subscription.ts';
import { matchesSelector } from '../api/label-selector.ts';
import type { Candidate } from './framework/plugin.ts';

/**
 * The clusters, in the same order, that a Subscription takes of those it may have: all of them, or with
 * schedulingBySubGroup the best `minClusters` of each subscriber, those it is bound to first. A group without
 * minClusters takes all; a cluster of two groups counts for both.
 */
export function selectClusters(
  { spec }: Subscription,
  candidates: readonly Candidate[],
  bound: ReadonlySet<string>,
): readonly Candidate[] {
  if (!spec.schedulingBySubGroup) return candidates;
  const byWelcome = candidates.toSorted(
    (a, b) => Number(bound.has(b.key)) - Number(bound.has(a.key)) || b.score - a.score,
  );
  const groups = spec.subscribers.flatMap(({ clusterAffinity, subGroupStrategy }) =>
    byWelcome
      .filter(({ cluster }) => matchesSelector(clusterAffinity, cluster.metadata.labels))
      .slice(0, subGroupStrategy?.minClusters ?? byWelcome.length),
  );
  const taken = new Set(groups);
  return candidates.filter(candidate => taken.has(candidate));
}
