import type { KeyedCluster } from '../sorted-clusters.ts';
import type { Cycle, Rejection } from './plugin.ts';
import type { Profile } from './profile.ts';

/** Clusters, judged. */
export interface Judgement {
  /** Clusters, bound or not, that may take the Subscription. */
  readonly feasible: readonly KeyedCluster[];
  /** Bound clusters that would get nothing new but keep what they have. */
  readonly retained: readonly KeyedCluster[];
  /** Why all others, and the retained ones, are not feasible; by `namespace/name`. */
  readonly rejections: ReadonlyMap<string, Rejection>;
}

/**
 * Asks one filter after the other about the clusters that are left. A bound one stays unless a rejection evicts, of
 * which the last one counts, or else the first rejection.
 */
export function filterClusters(
  profile: Profile,
  cycle: Cycle,
  clusters: readonly KeyedCluster[],
): Judgement {
  const rejections = new Map<string, Rejection>();
  let left = clusters;
  for (const plugin of profile.at('filter')) {
    left = left.filter(({ key, cluster }) => {
      const rejection = plugin.filter(cycle, cluster);
      if (rejection === undefined) return true;
      const stays = !rejection.evicts && cycle.bound.has(key);
      if (!(stays && rejections.has(key))) rejections.set(key, rejection);
      return stays;
    });
  }
  if (rejections.size === 0) return { feasible: left, retained: [], rejections };
  return {
    feasible: left.filter(({ key }) => !rejections.has(key)),
    retained: left.filter(({ key }) => rejections.has(key)),
    rejections,
  };
}
