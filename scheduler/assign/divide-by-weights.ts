import { largest } from './largest.ts';
import { proportion } from './proportion.ts';
import { sum } from './sum.ts';

/**
 * Static dividing: each cluster gets `floor(desired * weight / sum)`, and what is left over goes, one each, to the
 * heaviest clusters. Weights come in the order of the clusters' names, which settles ties; without any weight
 * nobody gets anything.
 */
export function divideByWeights(desired: number, weights: readonly number[]): readonly number[] {
  const total = sum(weights);
  if (total === 0) return weights.map(() => 0);
  const replicas = weights.map(weight => proportion(desired, weight, total).whole);
  // What is left over is less than the number of clusters with a weight, so none without gets any.
  for (const index of largest(weights, desired - sum(replicas))) {
    replicas[index] = (replicas[index] ?? 0) + 1;
  }
  return replicas;
}
