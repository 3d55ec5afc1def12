import type { Candidate, Refusal } from '../framework/plugin.ts';
import { refusal } from '../refusal.ts';
import { unknownSummary } from './unknown-summary.ts';

/**
 * How many of a Subscription's clusters, in percent and rounded down, may be without a prediction before replicas are no
 * longer divided over the others; undefined lets any number be.
 */
export type Tolerance = number | undefined;

/** Why nothing is divided when too many clusters do not say how many replicas fit. */
export function tooManyUnknown(
  candidates: readonly Candidate[],
  tolerance: Tolerance,
): Refusal | undefined {
  if (tolerance === undefined) return undefined;
  const asked = candidates.filter(({ retained }) => !retained);
  const unknown = asked.filter(candidate => candidate.unknown !== undefined);
  const tolerated = Math.floor((asked.length * tolerance) / 100);
  if (unknown.length <= tolerated) return undefined;
  const message =
    `${unknownSummary(candidates)}. More than the ${tolerated} that percentageOfClustersToTolerate (${tolerance}) lets be: ` +
    'mend these predictors, or tolerate more';
  return refusal('PredictionsMissing', message);
}
