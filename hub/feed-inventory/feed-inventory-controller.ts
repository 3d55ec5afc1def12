import { feedInventories } from '../../api/apps/feed-inventory.ts';
import type { Subscription } from '../../api/apps/subscription.ts';
import { findCondition } from '../../api/conditions.ts';
import { interpretWorkload } from '../../interpret/interpret-workload.ts';
import type { Controller } from '../../reconcile/controller.ts';
import { splitKey } from '../../reconcile/key.ts';
import type { Runtime } from '../../reconcile/runtime.ts';
import { type Source, watchObjects } from '../../reconcile/source.ts';
import {
  type DeliveryCaches,
  deliveryCaches,
  hasChart,
  isDedicated,
  manifestsOf,
  subscribersOf,
  subscribersOfChart,
} from '../deliver/delivery-caches.ts';
import type { DeliveryCondition } from '../deliver/delivery-plan.ts';
import { isAsWanted } from '../deliver/is-as-wanted.ts';
import { writeConditions } from '../deliver/subscription-conditions.ts';
import { type InventoryPlan, planInventory } from './plan-inventory.ts';

/** Writes what the feeds of each Subscription that divides replicas ask for, for the scheduler to divide by. */
export function feedInventoryController(runtime: Runtime, reservedNamespace: string): Controller {
  const { cache, client, events, clock } = runtime;
  const caches = deliveryCaches(cache, reservedNamespace);
  return {
    name: 'feed-inventory',
    sources: sourcesOf(caches),
    reads: [caches.namespaces],
    async reconcile(key, signal) {
      const subscription = caches.subscriptions.get(splitKey(key));
      if (subscription === undefined || !isDivided(subscription, caches)) return;
      const facts = {
        manifestsOf: (feed: string) => manifestsOf(caches, feed),
        hasChart: hasChart.bind(undefined, caches),
        reservedNamespace,
      };
      const plan = planInventory(subscription, facts, interpretWorkload);
      if ('inventory' in plan) {
        const found = caches.inventories.get(splitKey(key));
        if (found === undefined || !isAsWanted(found, plan.inventory)) {
          const options = { fieldManager: 'clusternet-hub', force: true };
          await client.apply(feedInventories, plan.inventory, options, signal);
        }
      }
      const condition = interpreted(subscription, plan);
      if (condition === undefined) return;
      const known = knownCondition(subscription);
      if (condition.status === 'False' && condition.message !== known?.message) {
        events.warning(subscription, 'UnParseableFeeds', condition.message, 'Interpret');
      }
      const manager = 'clusternet-hub-feed-inventory';
      await writeConditions(client, subscription, [condition], manager, clock.now(), signal);
    },
  };
}

function isDivided({ metadata, spec }: Subscription, caches: DeliveryCaches): boolean {
  return (
    spec.schedulingStrategy === 'Dividing' &&
    metadata.deletionTimestamp === undefined &&
    !isDedicated(caches, metadata.namespace)
  );
}

function sourcesOf(caches: DeliveryCaches): Source[] {
  return [
    watchObjects(caches.subscriptions, {
      // Its status is nobody's business here.
      when: ({ type, object, old }) =>
        type !== 'updated' || object.metadata.generation !== old?.metadata.generation,
    }),
    watchObjects(caches.manifests, {
      enqueue: ({ object, old }) => [
        ...subscribersOf(caches, object),
        ...(old === undefined ? [] : subscribersOf(caches, old)),
      ],
    }),
    watchObjects(caches.charts, {
      when: ({ type, object }) =>
        type !== 'updated' || object.metadata.deletionTimestamp !== undefined,
      enqueue: ({ object }) => subscribersOfChart(caches, object),
    }),
    // Of the same name as its Subscription.
    watchObjects(caches.inventories),
  ];
}

/** A missing feed is said by FeedsFound. That all is well is only worth a write where it was not. */
function interpreted(
  subscription: Subscription,
  plan: InventoryPlan,
): DeliveryCondition | undefined {
  const observedGeneration = subscription.metadata.generation ?? 0;
  if ('invalid' in plan) {
    const message = `${plan.invalid} The last inventory and placement stay.`;
    return { type, status: 'False', reason: 'FieldInvalid', message, observedGeneration };
  }
  if ('missing' in plan || knownCondition(subscription)?.status !== 'False') return undefined;
  const message = 'It is known what every feed asks for.';
  return { type, status: 'True', reason: 'FeedsInterpreted', message, observedGeneration };
}

const type = 'FeedsInterpreted';

function knownCondition({ status }: Subscription) {
  return findCondition(status?.conditions, type);
}
