import { divideDynamically } from '../assign/divide-dynamically.ts';
import { SharedCapacity } from '../assign/shared-capacity.ts';
import { sum } from '../assign/sum.ts';
import { tabulate } from '../assign/tabulate.ts';
import type { Assignment, Candidate, Plugin } from '../framework/plugin.ts';
import { PresentReplicas } from '../present-replicas.ts';

/**
 * Dynamic dividing, by the free capacity that was predicted: only the difference to what there is moves. What one
 * feed takes of a cluster is not promised to the next.
 */
export function dynamicAssigner(): Plugin {
  return {
    name: 'DynamicAssigner',
    assign: ({ subscription, bound }, candidates, demand) => {
      const dividing = subscription.spec.dividingScheduling;
      if (dividing?.type !== 'Dynamic') return undefined;
      const strategy = dividing.dynamicDividing?.strategy ?? 'Spread';
      const present = new PresentReplicas(subscription.status);
      const shared = candidates.map(() => new SharedCapacity());
      const replicas = tabulate(candidates, demand, (desired, feed) => {
        const capacities = candidates.map(candidate => capacityOf(candidate, feed));
        const members = candidates.map(({ key }, index) => ({
          present: present.of(key, feed),
          room: shared[index]?.left(capacities[index] ?? 0) ?? 0,
        }));
        const counts = divideDynamically({ strategy, desired, members });
        counts.forEach((count, index) => {
          const more = count - (members[index]?.present ?? 0);
          shared[index]?.take(more, capacities[index] ?? 0);
        });
        return counts;
      });
      return { replicas: strategy === 'Spread' ? replicas : used(replicas, bound) };
    },
  };
}

/** Without the clusters that are to stay out: few are filled, and one that was emptied is not left. */
function used(
  replicas: Assignment['replicas'],
  bound: ReadonlySet<string>,
): Assignment['replicas'] {
  const all = [...replicas];
  const some = all.filter(([key, row]) => bound.has(key) || sum(Object.values(row)) > 0);
  return new Map(some.length > 0 ? some : all.slice(0, 1));
}

/** How many more replicas of a feed the cluster takes; a prediction is not trusted to be a sound number. */
function capacityOf({ retained, capacity }: Candidate, feed: string): number {
  const predicted = Math.floor(capacity?.[feed] ?? 0);
  return retained || !(predicted > 0) ? 0 : Math.min(predicted, 2 ** 31 - 1);
}
