import type { Candidate, Replicas } from '../framework/plugin.ts';

/** Divides feed by feed, in the order of the demand; the replicas of each feed by cluster, `namespace/name`. */
export function tabulate(
  candidates: readonly Candidate[],
  demand: Replicas,
  divide: (desired: number, feed: string) => readonly number[],
): ReadonlyMap<string, Replicas> {
  const rows = candidates.map(() => ({}) as Record<string, number>);
  for (const [feed, desired] of Object.entries(demand)) {
    divide(desired, feed).forEach((count, index) => {
      const row = rows[index];
      if (row) row[feed] = count;
    });
  }
  return new Map(candidates.map(({ key }, index) => [key, rows[index] ?? {}]));
}
