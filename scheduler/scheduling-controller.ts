import { explaining } from '../api/apps/explanation.ts';
import type { Subscription } from '../api/apps/subscription.ts';
import type { Controller } from '../reconcile/controller.ts';
import type { Change } from '../reconcile/informer.ts';
import { keyOf, splitKey } from '../reconcile/key.ts';
import { watchObjects } from '../reconcile/source.ts';
import { affectedBy, indexSubscriptions } from './affected-subscriptions.ts';
import { conditionTypes } from './condition-types.ts';
import type { Scheduler } from './scheduler.ts';

/** Schedules each Subscription anew when something changes that can change its placement. */
export function schedulingController(scheduler: Scheduler): Controller {
  const { subscriptions, clusters, inventories, dedicated } = scheduler;
  indexSubscriptions(subscriptions);
  return {
    name: 'scheduling',
    // Deciding takes the processor, writing waits for the API server: while some are written, others are decided.
    concurrency: 32,
    backOff: { firstMs: 1000, longestMs: 10_000 },
    // The first list of Subscriptions brings them all: the first lists of the others need not.
    sources: [
      watchObjects(subscriptions, { when: concernsScheduling }),
      watchObjects(clusters, {
        when: ({ initial }) => !initial,
        enqueue: change => affectedBy(change, subscriptions),
      }),
      // An inventory has the name of its Subscription.
      watchObjects(inventories, { when: ({ initial }) => !initial }),
      watchObjects(dedicated, {
        when: ({ initial, type }) => !initial && type !== 'updated',
        enqueue: ({ object }) => subscriptions.list(object.metadata.name).map(keyOf),
      }),
    ],
    priority: key => subscriptions.get(splitKey(key))?.spec.priority ?? 0,
    reconcile: async (key, signal) => {
      const subscription = subscriptions.get(splitKey(key));
      if (!subscription || subscription.metadata.deletionTimestamp !== undefined) return undefined;
      return scheduler.schedule(subscription, signal);
    },
  };
}

/** False when only what others write into the status has changed. */
function concernsScheduling({ type, object, old }: Change<Subscription>): boolean {
  return type !== 'updated' || !old || factsOf(object) !== factsOf(old);
}

function factsOf({ metadata, status }: Subscription): string {
  const { [explaining.annotation]: _question, ...annotations } = metadata.annotations ?? {};
  const own: readonly string[] = Object.values(conditionTypes);
  return JSON.stringify([
    metadata.uid,
    metadata.generation,
    annotations,
    metadata.deletionTimestamp,
    status?.bindingClusters,
    status?.replicas,
    status?.specHash,
    status?.failover,
    // Evictions wait for what others report.
    status?.failover && status.aggregatedStatuses,
    status?.conditions?.filter(({ type }) => own.includes(type)),
  ]);
}
