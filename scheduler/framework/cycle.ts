import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import { keyOf } from '../../reconcile/key.ts';
import type { Candidate, Cycle, Placement, Refusal, Rejection } from './plugin.ts';
import type { PluginAt, Profile } from './profile.ts';
import { normalise } from './scores.ts';

/** Every cluster, judged. */
export interface Judgement {
  /** New and present clusters that may take the Subscription. */
  readonly candidates: readonly ManagedCluster[];
  /** Bound clusters that get nothing new but keep what they have. */
  readonly retained: readonly ManagedCluster[];
  /** Why the others, and the retained ones, may not. */
  readonly rejections: ReadonlyMap<string, Rejection>;
}

/** Asks the filters about every cluster. A bound one stays unless a rejection evicts. */
export function filterClusters(profile: Profile, cycle: Cycle): Judgement {
  const filters = profile.at('filter');
  const candidates: ManagedCluster[] = [];
  const retained: ManagedCluster[] = [];
  const rejections = new Map<string, Rejection>();
  for (const cluster of cycle.clusters) {
    const key = keyOf(cluster);
    const bound = cycle.bound.has(key);
    const rejection = judge(filters, cycle, cluster, bound);
    if (rejection === undefined) candidates.push(cluster);
    else {
      rejections.set(key, rejection);
      if (bound && !rejection.evicts) retained.push(cluster);
    }
  }
  return { candidates, retained, rejections };
}

/** The first rejection, or for a bound cluster the first that evicts, if one does. */
function judge(
  filters: readonly PluginAt<'filter'>[],
  cycle: Cycle,
  cluster: ManagedCluster,
  bound: boolean,
): Rejection | undefined {
  let first: Rejection | undefined;
  for (const plugin of filters) {
    const rejection = plugin.filter(cycle, cluster);
    first ??= rejection;
    if (rejection && (rejection.evicts || !bound)) return rejection;
  }
  return first;
}

/** Candidates with the weighted sum of their scores, best first; equals by name. */
export function scoreClusters(
  profile: Profile,
  cycle: Cycle,
  clusters: readonly ManagedCluster[],
): readonly Candidate[] {
  const scores = clusters.map(() => 0);
  for (const plugin of profile.at('score')) {
    const weight = profile.weightOf(plugin);
    const given = normalise(clusters.map(cluster => plugin.score(cycle, cluster)));
    given.forEach((score, index) => {
      scores[index] = (scores[index] ?? 0) + weight * score;
    });
  }
  return clusters
    .map((cluster, index) => ({ key: keyOf(cluster), cluster, score: scores[index] ?? 0 }))
    .sort((a, b) => b.score - a.score || (a.key < b.key ? -1 : 1));
}

/** Candidates with the capacity that the predicting plugins agree on: the smallest prediction of each feed. */
export async function predictCapacity(
  profile: Profile,
  cycle: Cycle,
  candidates: readonly Candidate[],
  signal: AbortSignal,
): Promise<readonly Candidate[]> {
  const plugins = profile.at('predict');
  if (plugins.length === 0) return candidates;
  return Promise.all(
    candidates.map(async candidate => {
      const predictions = await Promise.all(
        plugins.map(plugin => plugin.predict(cycle, candidate, signal)),
      );
      const capacity: Record<string, number> = {};
      for (const [feed, replicas] of predictions.flatMap(each => Object.entries(each ?? {}))) {
        capacity[feed] = Math.min(replicas, capacity[feed] ?? replicas);
      }
      return { ...candidate, capacity };
    }),
  );
}

/** The replicas of the first assigning plugin that takes it on. */
export function assignReplicas(
  profile: Profile,
  cycle: Cycle,
  candidates: readonly Candidate[],
): Placement['replicas'] | undefined {
  for (const plugin of profile.at('assign')) {
    const replicas = plugin.assign(cycle, candidates);
    if (replicas !== undefined) return replicas;
  }
  return undefined;
}

/** The first refusal of the plugins at a point that may refuse the whole Subscription. */
export function firstRefusal<P>(
  plugins: readonly P[],
  ask: (plugin: P) => Refusal | undefined,
): Refusal | undefined {
  for (const plugin of plugins) {
    const refusal = ask(plugin);
    if (refusal) return refusal;
  }
  return undefined;
}
