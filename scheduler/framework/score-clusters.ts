import type { KeyedCluster } from '../sorted-clusters.ts';
import type { Candidate, Cycle } from './plugin.ts';
import type { Profile } from './profile.ts';

/** The clusters with the weighted sum of their scores, best first; equals by name. */
export function scoreClusters(
  profile: Profile,
  cycle: Cycle,
  clusters: readonly KeyedCluster[],
): readonly Candidate[] {
  const sums = clusters.map(() => 0);
  for (const plugin of profile.at('score')) {
    const weight = profile.weightOf(plugin);
    const scores = normalise(clusters.map(({ cluster }) => plugin.score(cycle, cluster)));
    scores.forEach((score, index) => {
      sums[index] = (sums[index] ?? 0) + weight * score;
    });
  }
  return clusters
    .map(({ key, cluster }, index) => ({ key, cluster, score: sums[index] ?? 0 }))
    .sort((a, b) => b.score - a.score || (a.key < b.key ? -1 : 1));
}

/** Brings any numbers to 0..100, the largest to 100; all to 100 when they are equal. */
function normalise(scores: readonly number[]): readonly number[] {
  const best = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  const worst = scores.reduce((a, b) => Math.min(a, b), Infinity);
  return scores.map(score => (best === worst ? 100 : ((score - worst) / (best - worst)) * 100));
}
