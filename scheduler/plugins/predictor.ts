import { feedKey } from '../../api/apps/feed.ts';
import type { FeedInventory } from '../../api/apps/feed-inventory.ts';
import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import type { Cycle, Placement, Plugin, Replicas } from '../framework/plugin.ts';
import type { Predictions } from '../predict/predictions.ts';
import { type Tolerance, tooManyUnknown } from '../predict/too-many-unknown.ts';
import { PresentReplicas } from '../present-replicas.ts';

const name = 'Predictor';

type Answers = Pick<Predictions, 'known' | 'get' | 'assume'>;

/**
 * Asks each cluster's predictor how many replicas of each feed fit, feeds with the same needs once, and sets aside what
 * is placed until predictors can have seen it.
 */
export function predictor(predictions: Answers, tolerance: Tolerance): Plugin {
  return {
    name,
    predict: (cycle, { key, cluster }) => {
      const capacity: Record<string, number> = {};
      for (const [feed, question] of questionsOf(cycle)) {
        const replicas = predictions.known(key, question);
        if (replicas === undefined) return ask(predictions, cycle, cluster);
        capacity[feed] = replicas;
      }
      return capacity;
    },
    preAssign: (_cycle, candidates) => tooManyUnknown(candidates, tolerance),
    reserve: (cycle, placement) => {
      const assumed = additions(cycle, placement).map(({ cluster, question, count }) =>
        predictions.assume(cluster, question, count),
      );
      cycle.notes.set(name, assumed);
      return undefined;
    },
    unreserve: ({ notes }) => {
      for (const giveBack of (notes.get(name) ?? []) as (() => void)[]) giveBack();
      notes.delete(name);
    },
  };
}

async function ask(predictions: Answers, cycle: Cycle, cluster: ManagedCluster): Promise<Replicas> {
  const capacities = questionsOf(cycle).map(
    async ([feed, question]) => [feed, await predictions.get(cluster, question)] as const,
  );
  return Object.fromEntries(await Promise.all(capacities));
}

type Questions = readonly (readonly [feed: string, question: string])[];

/** Written down once for all clusters. */
const questions = new WeakMap<FeedInventory, Questions>();

/** What predictors are asked for each feed that has replicas. */
function questionsOf({ inventory }: Cycle): Questions {
  if (inventory === undefined) return [];
  return questions.getOrInsertComputed(inventory, ({ spec }) =>
    spec.feeds
      .filter(({ desiredReplicas }) => desiredReplicas !== undefined)
      .map(feed => [feedKey(feed), JSON.stringify(feed.replicaRequirements ?? {})]),
  );
}

/** The replicas a placement adds to what there is. */
function additions(cycle: Cycle, { clusters, replicas = {} }: Placement) {
  const present = PresentReplicas.in(cycle.subscription.status);
  return questionsOf(cycle).flatMap(([feed, question]) => {
    const before = present.column(clusters, feed);
    return clusters
      .map((cluster, index) => {
        const count = (replicas[feed]?.[index] ?? 0) - (before[index] ?? 0);
        return { cluster, question, count };
      })
      .filter(({ count }) => count > 0);
  });
}
