import type { Candidate } from '../framework/plugin.ts';

/** `2 of 5 clusters do not say how many replicas fit: a/b (its agent has no predictor), …`; a long list helps nobody. */
export function unknownSummary(candidates: readonly Candidate[]): string {
  const unknown = candidates.flatMap(({ key, unknown: why }) =>
    why === undefined ? [] : [`${key} (${why.message})`],
  );
  const more = unknown.length > 5 ? ` and ${unknown.length - 5} more` : '';
  return (
    `${unknown.length} of ${candidates.length} clusters do not say how many replicas fit: ` +
    `${unknown.slice(0, 5).join(', ')}${more}`
  );
}
