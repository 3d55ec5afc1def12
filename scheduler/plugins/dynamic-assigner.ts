import { divideDynamically } from '../assign/divide-dynamically.ts';
import { SharedCapacity } from '../assign/shared-capacity.ts';
import { sum } from '../assign/sum.ts';
import { tabulate } from '../assign/tabulate.ts';
import type { Assignment, Candidate, Cycle, Demand, Plugin } from '../framework/plugin.ts';
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
      const replicas = divide(cycle, candidates, demand, strategy);
      return { replicas: strategy === 'Spread' ? usable(cycle, replicas) : used(cycle, replicas) };
    },
  };
}

function divide(
  cycle: Cycle,
  candidates: readonly Candidate[],
  { replicas: wanted, rebalance }: Demand,
  strategy: 'Spread' | 'Binpack',
): Assignment['replicas'] {
  const present = new PresentReplicas(cycle.subscription.status);
  const preferences = dynamicNotes.preferences.read(cycle) ?? [];
  const minClusters = dynamicNotes.minClusters.read(cycle) ?? 0;
  const constraints = dynamicNotes.constraints.read(cycle) ?? [];
  const allowed = dynamicNotes.usable.read(cycle);
  const shared = candidates.map(() => new SharedCapacity());
  return tabulate(candidates, wanted, (desired, feed) => {
    const capacities = candidates.map(candidate =>
      allowed && !allowed.has(candidate.key) ? 0 : capacityOf(candidate, feed),
    );
    const members = candidates.map(({ key, retained, unknown }, index) => {
      const has = present.of(key, feed);
      const room = shared[index]?.left(capacities[index] ?? 0) ?? 0;
      const preference = preferences[index] ?? 0;
      // What may move gives its place free and is placed anew.
      return rebalance && !retained && !unknown
        ? { present: 0, room: room + has, preference }
        : { present: has, room, preference };
    });
    const counts = divideDynamically({ strategy, desired, members, minClusters, constraints });
    candidates.forEach(({ key }, index) => {
      const more = (counts[index] ?? 0) - present.of(key, feed);
      shared[index]?.take(more, capacities[index] ?? 0);
    });
    return counts;
  });
}

/** How many more replicas of a feed the cluster takes; a prediction is not trusted to be a sound number. */
function capacityOf({ retained, capacity }: Candidate, feed: string): number {
  const predicted = Math.floor(capacity?.[feed] ?? 0);
  return retained || !(predicted > 0) ? 0 : Math.min(predicted, 2 ** 31 - 1);
}

function usable(cycle: Cycle, replicas: Assignment['replicas']): Assignment['replicas'] {
  const allowed = dynamicNotes.usable.read(cycle);
  return allowed ? new Map([...replicas].filter(([key]) => allowed.has(key))) : replicas;
}

/** Without the clusters that are to stay out: few are filled, and one that was emptied is not left. */
function used({ bound }: Cycle, replicas: Assignment['replicas']): Assignment['replicas'] {
  const all = [...replicas];
  const some = all.filter(([key, row]) => bound.has(key) || sum(Object.values(row)) > 0);
  return new Map(some.length > 0 ? some : all.slice(0, 1));
}
