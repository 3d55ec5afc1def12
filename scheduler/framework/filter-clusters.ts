import type { KeyedCluster } from '../sorted-clusters.ts';
import type { Cycle, Rejection } from './plugin.ts';
import type { Profile } from './profile.ts';

/** Clusters, judged. */
export interface Judgement {
  /** Those that may take the Subscription, or are bound and keep what they have; in the order they were asked about. */
  readonly fitting: readonly KeyedCluster[];
  /** Why all others may not, and why some of those that fit would get nothing new; by `namespace/name`. */
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
  let fitting = clusters;
  profile.firstAnswer('filter', plugin => {
    fitting = fitting.filter(({ key, cluster }) => {
      const rejection = plugin.filter(cycle, cluster);
      if (rejection === undefined) return true;
      const stays = !rejection.evicts && cycle.bound.has(key);
      if (!(stays && rejections.has(key))) rejections.set(key, rejection);
      return stays;
    });
    return undefined;
  });
  return { fitting, rejections };
}
