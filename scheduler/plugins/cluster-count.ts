import type { Candidate, Cycle, Plugin } from '../framework/plugin.ts';
import { refusal } from '../refusal.ts';
import { dynamicNotes } from './dynamic-notes.ts';

/** Lets dynamic dividing use at least minClusters clusters and at most maxClusters. */
export function clusterCount(): Plugin {
  return {
    name: 'ClusterCount',
    preAssign: (cycle, candidates) => {
      const { type, dynamicDividing } = cycle.subscription.spec.dividingScheduling ?? {};
      const { minClusters = 0, maxClusters } = dynamicDividing ?? {};
      if (type !== 'Dynamic') return undefined;
      if (candidates.length < minClusters) {
        return refusal(
          'TooFewClusters',
          `spec.dividingScheduling.dynamicDividing.minClusters: there are ${candidates.length} clusters of the ` +
            `${minClusters} asked for: let more clusters match, or ask for fewer`,
        );
      }
      dynamicNotes.minClusters.write(cycle, minClusters);
      if (maxClusters !== undefined) {
        dynamicNotes.usable.write(cycle, usable(cycle, candidates, maxClusters));
      }
      return undefined;
    },
  };
}

/** The clusters it is bound to and, up to the number allowed, the best others: by score, then by what fits. */
function usable(
  { bound }: Cycle,
  candidates: readonly Candidate[],
  most: number,
): ReadonlySet<string> {
  const [present, others] = [true, false].map(each =>
    candidates.filter(({ key }) => bound.has(key) === each),
  );
  const best = (others ?? []).toSorted((a, b) => b.score - a.score || room(b) - room(a));
  const more = best.slice(0, Math.max(0, most - (present ?? []).length));
  return new Set([...(present ?? []), ...more].map(({ key }) => key));
}

/** Replicas of the feed of which the fewest fit. */
function room({ capacity = {} }: Candidate): number {
  return Object.values(capacity).reduce((a, b) => Math.min(a, b), Infinity);
}
