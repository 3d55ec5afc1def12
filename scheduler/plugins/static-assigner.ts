import type { Subscription } from '../../api/apps/subscription.ts';
import { clusterWeights } from '../assign/cluster-weights.ts';
import { divideByWeights } from '../assign/divide-by-weights.ts';
import { sum } from '../assign/sum.ts';
import { Note } from '../framework/note.ts';
import type { Candidate, Plugin, Refusal, Replicas } from '../framework/plugin.ts';
import { PresentReplicas } from '../present-replicas.ts';
import { refusal } from '../refusal.ts';
import { specHash } from '../spec-hash.ts';

const name = 'StaticAssigner';
/** Of the candidates, in their order. */
const weightsNote = new Note<readonly number[]>(name);

/**
 * Static dividing: by the weights of the subscribers alone, whether a cluster is ready or not. Replicas are divided
 * anew when the spec or their number changes or a cluster leaves, and when they may move; until then a cluster that
 * joins has none.
 */
export function staticAssigner(): Plugin {
  return {
    name,
    preAssign: (cycle, candidates) => {
      if (!isStatic(cycle.subscription)) return undefined;
      const keys = candidates.map(({ key }) => key);
      const weights = clusterWeights(cycle.subscription.spec, cycle.clusters, keys);
      weightsNote.write(cycle, weights);
      if (sum(weights) > 0 || cycle.bound.size === 0) return undefined;
      return noWeight(candidates, 'the last placement is kept');
    },
    assign: (cycle, candidates, { replicas: wanted, rebalance }) => {
      const { subscription } = cycle;
      if (!isStatic(subscription)) return undefined;
      const clusters = candidates.map(({ key }) => key);
      const mayMove = rebalance || subscription.spec.rebalance?.policy === 'OnChange';
      if (!mayMove && isDivided(subscription, clusters, wanted)) return { clusters };
      const weights = weightsNote.read(cycle) ?? [];
      const columns = Object.entries(wanted).map(
        ([feed, desired]) => [feed, divideByWeights(desired, weights)] as const,
      );
      const replicas = Object.fromEntries(columns);
      if (sum(weights) > 0) return { clusters, replicas };
      return { clusters, replicas, refusal: noWeight(candidates, 'each is given 0 replicas') };
    },
  };
}

function isStatic({ spec }: Subscription): boolean {
  return (spec.dividingScheduling?.type ?? 'Static') === 'Static';
}

/** Whether the replicas there are came from this spec and are as many as shall be. */
function isDivided(
  { spec, status }: Subscription,
  clusters: readonly string[],
  wanted: Replicas,
): boolean {
  if (status?.specHash !== specHash(spec)) return false;
  const present = PresentReplicas.in(status);
  return Object.entries(wanted).every(
    ([feed, desired]) => present.has(feed) && sum(present.column(clusters, feed)) === desired,
  );
}

function noWeight({ length }: readonly Candidate[], consequence: string): Refusal {
  return refusal(
    'NoWeight',
    `spec.subscribers[].weight: none of the ${length} clusters that match has a weight, so ${consequence}: ` +
      'give a subscriber that matches them a weight above 0',
  );
}
