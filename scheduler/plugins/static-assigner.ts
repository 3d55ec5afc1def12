import type { Subscription } from '../../api/apps/subscription.ts';
import { clusterWeight } from '../assign/cluster-weight.ts';
import { divideByWeights } from '../assign/divide-by-weights.ts';
import { sum } from '../assign/sum.ts';
import { tabulate } from '../assign/tabulate.ts';
import type { Assignment, Candidate, Plugin, Refusal, Replicas } from '../framework/plugin.ts';
import { PresentReplicas } from '../present-replicas.ts';
import { refusal } from '../refusal.ts';
import { specHash } from '../spec-hash.ts';

/**
 * Static dividing: by the weights of the subscribers alone, whether a cluster is ready or not. Replicas are divided
 * anew when the spec or their number changes or a cluster leaves, and when they may move; until then a cluster that joins has none.
 */
export function staticAssigner(): Plugin {
  return {
    name: 'StaticAssigner',
    preAssign: ({ subscription, bound }, candidates) =>
      isStatic(subscription) && bound.size > 0 && sum(weightsOf(subscription, candidates)) === 0
        ? noWeight(candidates, 'the last placement is kept')
        : undefined,
    assign: ({ subscription }, candidates, { replicas: wanted, rebalance }) => {
      if (!isStatic(subscription)) return undefined;
      const mayMove = rebalance || subscription.spec.rebalance?.policy === 'OnChange';
      if (!mayMove && isDivided(subscription, candidates, wanted)) {
        return { replicas: asTheyAre(candidates) };
      }
      const weights = weightsOf(subscription, candidates);
      const replicas = tabulate(candidates, wanted, desired => divideByWeights(desired, weights));
      if (sum(weights) > 0) return { replicas };
      return { replicas, refusal: noWeight(candidates, 'each is given 0 replicas') };
    },
  };
}

function isStatic({ spec }: Subscription): boolean {
  return (spec.dividingScheduling?.type ?? 'Static') === 'Static';
}

function weightsOf({ spec }: Subscription, candidates: readonly Candidate[]): readonly number[] {
  return candidates.map(({ cluster }) => clusterWeight(spec, cluster.metadata.labels));
}

/** Whether the replicas there are came from this spec and are as many as shall be. */
function isDivided(
  { spec, status }: Subscription,
  candidates: readonly Candidate[],
  wanted: Replicas,
): boolean {
  if (status?.specHash !== specHash(spec)) return false;
  const present = new PresentReplicas(status);
  return Object.entries(wanted).every(
    ([feed, desired]) =>
      present.has(feed) && sum(candidates.map(({ key }) => present.of(key, feed))) === desired,
  );
}

function asTheyAre(candidates: readonly Candidate[]): Assignment['replicas'] {
  return new Map(candidates.map(({ key }) => [key, {}]));
}

function noWeight({ length }: readonly Candidate[], consequence: string): Refusal {
  return refusal(
    'NoWeight',
    `spec.subscribers[].weight: none of the ${length} clusters that match has a weight, so ${consequence}: ` +
      'give a subscriber that matches them a weight above 0',
  );
}
