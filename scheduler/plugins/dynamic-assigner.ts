import { type DynamicStrategy, divideDynamically } from '../assign/divide-dynamically.ts';
import { SharedCapacity } from '../assign/shared-capacity.ts';
import type { Candidate, Cycle, Demand, Placement, Plugin } from '../framework/plugin.ts';
import { PresentReplicas } from '../present-replicas.ts';
import { dynamicNotes } from './dynamic-notes.ts';

/**
 * Dynamic dividing, by the free capacity that was predicted: only the difference to what there is moves, unless
 * replicas may be placed anew. What one feed takes of a cluster is not promised to the next.
 */
export function dynamicAssigner(): Plugin {
  return {
    name: 'DynamicAssigner',
    assign: (cycle, candidates, demand) => {
      const dividing = cycle.subscription.spec.dividingScheduling;
      if (dividing?.type !== 'Dynamic') return undefined;
      const strategy = dividing.dynamicDividing?.strategy ?? 'Spread';
      const clusters = candidates.map(({ key }) => key);
      const replicas = divide(cycle, candidates, demand, strategy);
      return strategy === 'Spread'
        ? usable(cycle, { clusters, replicas })
        : used(cycle, { clusters, replicas });
    },
  };
}

function divide(
  cycle: Cycle,
  candidates: readonly Candidate[],
  { replicas: wanted, rebalance }: Demand,
  strategy: DynamicStrategy,
): Required<Placement>['replicas'] {
  const present = PresentReplicas.in(cycle.subscription.status);
  const preferences = dynamicNotes.preferences.read(cycle) ?? [];
  const minClusters = dynamicNotes.minClusters.read(cycle) ?? 0;
  const constraints = dynamicNotes.constraints.read(cycle) ?? [];
  const allowed = dynamicNotes.usable.read(cycle);
  const clusters = candidates.map(({ key }) => key);
  const feeds = Object.entries(wanted);
  // What a feed takes matters only when there is another.
  const shared = feeds.length > 1 ? candidates.map(() => new SharedCapacity()) : [];
  const columns = feeds.map(([feed, desired]) => {
    const before = present.column(clusters, feed);
    const capacities = candidates.map(candidate =>
      allowed && !allowed.has(candidate.key) ? 0 : capacityOf(candidate, feed),
    );
    const members = candidates.map(({ retained, unknown }, index) => {
      const has = before[index] ?? 0;
      const capacity = capacities[index] ?? 0;
      const room = shared[index]?.left(capacity) ?? capacity;
      const preference = preferences[index] ?? 0;
      // What may move gives its place free and is placed anew.
      return rebalance && !retained && !unknown
        ? { present: 0, room: room + has, preference }
        : { present: has, room, preference };
    });
    const counts = divideDynamically({ strategy, desired, members, minClusters, constraints });
    shared.forEach((capacity, index) => {
      const more = (counts[index] ?? 0) - (before[index] ?? 0);
      capacity.take(more, capacities[index] ?? 0);
    });
    return [feed, counts] as const;
  });
  return Object.fromEntries(columns);
}

/** How many more replicas of a feed the cluster takes; a prediction is not trusted to be a sound number. */
function capacityOf({ retained, capacity }: Candidate, feed: string): number {
  const predicted = Math.floor(capacity?.[feed] ?? 0);
  return retained || !(predicted > 0) ? 0 : Math.min(predicted, 2 ** 31 - 1);
}

function usable(cycle: Cycle, placement: Required<Placement>): Placement {
  const allowed = dynamicNotes.usable.read(cycle);
  return allowed ? pick(placement, key => allowed.has(key)) : placement;
}

/** Without the clusters that are to stay out: few are filled, and one that was emptied is not left. */
function used({ bound }: Cycle, placement: Required<Placement>): Placement {
  const columns = Object.values(placement.replicas);
  const some = pick(
    placement,
    (key, index) => bound.has(key) || columns.some(counts => (counts[index] ?? 0) > 0),
  );
  return some.clusters.length > 0 ? some : pick(placement, (_, index) => index === 0);
}

function pick(
  { clusters, replicas }: Required<Placement>,
  isWanted: (key: string, index: number) => boolean,
): Placement {
  const indexes = [...clusters.keys()].filter(index => isWanted(clusters[index] ?? '', index));
  const columns = Object.entries(replicas).map(
    ([feed, counts]) => [feed, indexes.map(index => counts[index] ?? 0)] as const,
  );
  return {
    clusters: indexes.map(index => clusters[index] ?? ''),
    replicas: Object.fromEntries(columns),
  };
}
