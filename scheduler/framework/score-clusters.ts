import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import { keyOf } from '../../reconcile/key.ts';
import type { KeyedCluster } from '../sorted-clusters.ts';
import type { Judgement } from './filter-clusters.ts';
import type { Candidate, Cycle } from './plugin.ts';
import type { PluginAt, Profile } from './profile.ts';

/** The clusters that fit, in the same order, with the weighted sum of their scores. */
export function scoreClusters(
  profile: Profile,
  cycle: Cycle,
  { fitting, rejections }: Judgement,
): readonly Candidate[] {
  const sums = fitting.map(() => 0);
  profile.firstAnswer('score', plugin => {
    const weight = profile.weightOf(plugin);
    const scores = scoresOf(plugin, cycle, fitting);
    for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + weight * (scores[i] ?? 0);
    return undefined;
  });
  return fitting.map(({ key, cluster }, index) => {
    const score = sums[index] ?? 0;
    return rejections.size > 0 && rejections.has(key)
      ? { key, cluster, score, retained: true }
      : { key, cluster, score };
  });
}

/** What one plugin gives to clusters, brought to 0..100 over all of them. */
export function scoresOf(
  plugin: PluginAt<'score'>,
  cycle: Cycle,
  clusters: readonly KeyedCluster[],
): readonly number[] {
  return normalise(clusters.map(({ cluster }) => scoreOf(plugin, cycle, cluster)));
}

/** A score that is no number would put the clusters into any order. */
function scoreOf(plugin: PluginAt<'score'>, cycle: Cycle, cluster: ManagedCluster): number {
  const score = plugin.score(cycle, cluster);
  if (Number.isFinite(score)) return score;
  throw new Error(`plugin ${plugin.name} scores cluster ${keyOf(cluster)} ${score}: not a number`);
}

/** Brings any numbers to 0..100, the largest to 100; all to 100 when they are equal. */
function normalise(scores: readonly number[]): readonly number[] {
  let best = -Infinity;
  let worst = Infinity;
  for (const score of scores) {
    if (score > best) best = score;
    if (score < worst) worst = score;
  }
  if (best === worst) return scores.map(() => 100);
  return scores.map(score => ((score - worst) / (best - worst)) * 100);
}
