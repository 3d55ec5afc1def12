import type { KeyedCluster } from '../sorted-clusters.ts';
import type { Cycle, Refusal } from './plugin.ts';
import type { Profile } from './profile.ts';

/** The clusters that are worth asking the filters about. */
export interface Considered {
  readonly clusters: readonly KeyedCluster[];
  /** How many of the others are out, by reason. */
  readonly excluded: ReadonlyMap<string, number>;
}

/** Lets each preFilter plugin narrow down the clusters; the refusal of the first that refuses the Subscription. */
export function considerClusters(
  profile: Profile,
  cycle: Cycle,
): Considered | { readonly refusal: Refusal } {
  const all = cycle.clusters.list();
  let clusters = all;
  const excluded = new Map<string, number>();
  const refusal = profile.firstAnswer('preFilter', plugin => {
    const answer = plugin.preFilter(cycle);
    if (answer === undefined || !('clusters' in answer)) return answer;
    const kept = clusters === all ? answer.clusters : both(clusters, answer.clusters);
    const count = clusters.length - kept.length;
    if (count > 0) excluded.set(answer.reason, (excluded.get(answer.reason) ?? 0) + count);
    clusters = kept;
    return undefined;
  });
  return refusal ? { refusal } : { clusters, excluded };
}

function both(some: readonly KeyedCluster[], others: readonly KeyedCluster[]) {
  const keys = new Set(others.map(({ key }) => key));
  return some.filter(({ key }) => keys.has(key));
}
