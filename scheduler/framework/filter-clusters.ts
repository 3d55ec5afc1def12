import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import { keyOf } from '../../reconcile/key.ts';
import type { Cycle, Rejection } from './plugin.ts';
import type { PluginAt, Profile } from './profile.ts';

/** Every cluster, judged. */
export interface Judgement {
  /** Clusters, bound or not, that may take the Subscription. */
  readonly feasible: readonly ManagedCluster[];
  /** Bound clusters that would get nothing new but keep what they have. */
  readonly retained: readonly ManagedCluster[];
  /** Why all others, and the retained ones, are not feasible; by `namespace/name`. */
  readonly rejections: ReadonlyMap<string, Rejection>;
}

/** Asks the filters about every cluster. A bound one stays unless a rejection evicts. */
export function filterClusters(profile: Profile, cycle: Cycle): Judgement {
  const filters = profile.at('filter');
  const feasible: ManagedCluster[] = [];
  const retained: ManagedCluster[] = [];
  const rejections = new Map<string, Rejection>();
  for (const cluster of cycle.clusters) {
    const key = keyOf(cluster);
    const bound = cycle.bound.has(key);
    const rejection = judge(filters, cycle, cluster, bound);
    if (rejection === undefined) feasible.push(cluster);
    else {
      rejections.set(key, rejection);
      if (bound && !rejection.evicts) retained.push(cluster);
    }
  }
  return { feasible, retained, rejections };
}

/** The first rejection; for a bound cluster the first that evicts, if any does. */
function judge(
  filters: readonly PluginAt<'filter'>[],
  cycle: Cycle,
  cluster: ManagedCluster,
  bound: boolean,
): Rejection | undefined {
  let first: Rejection | undefined;
  for (const plugin of filters) {
    const rejection = plugin.filter(cycle, cluster);
    if (rejection && (rejection.evicts || !bound)) return rejection;
    first ??= rejection;
  }
  return first;
}
