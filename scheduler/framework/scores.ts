/** Brings any numbers to 0..100, the largest to 100; all 100 when none differs from the others. */
export function normalise(scores: readonly number[]): readonly number[] {
  const best = Math.max(...scores);
  const worst = Math.min(...scores);
  if (best === worst) return scores.map(() => 100);
  return scores.map(score => ((score - worst) / (best - worst)) * 100);
}
