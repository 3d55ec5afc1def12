import type { Feed } from '../../api/apps/feed.ts';
import { type FeedInventory, feedInventories } from '../../api/apps/feed-inventory.ts';
import type { Subscription } from '../../api/apps/subscription.ts';
import { findCondition } from '../../api/conditions.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Controller } from '../../reconcile/controller.ts';
import { keyOf, splitKey } from '../../reconcile/key.ts';
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
  subscribersOfKind,
} from '../deliver/delivery-caches.ts';
import type { DeliveryCondition } from '../deliver/delivery-plan.ts';
import { isAsWanted } from '../deliver/is-as-wanted.ts';
import { writeConditions } from '../deliver/subscription-conditions.ts';
import type { InterpreterSet } from '../interpreters/interpreter-set.ts';
import { type InventoryPlan, planInventory } from './plan-inventory.ts';

/** Writes what the feeds of each Subscription that divides replicas ask for, for the scheduler to divide by. */
export function feedInventoryController(
  runtime: Runtime,
  reservedNamespace: string,
  interpreters: InterpreterSet,
): Controller {
  const caches = deliveryCaches(runtime.cache, reservedNamespace);
  return {
    name: 'feed-inventory',
    sources: [...sourcesOf(caches), interpreters.source(kind => subscribersOfKind(caches, kind))],
    reads: [caches.namespaces],
    async reconcile(key, signal) {
      const subscription = caches.subscriptions.get(splitKey(key));
      if (subscription === undefined || !isHonoured(subscription, caches)) return undefined;
      const facts = {
        manifestsOf: (feed: string) => manifestsOf(caches, feed),
        hasChart: (chart: Feed) => hasChart(caches, chart),
        reservedNamespace,
        last: caches.inventories.get(splitKey(key)),
      };
      const plan = await planInventory(subscription, facts, object =>
        interpreters.current.interpret(object, signal),
      );
      if ('inventory' in plan) await write(runtime.client, caches, plan.inventory, signal);
      caches.subscriptions.note(await tell(runtime, subscription, plan, signal));
      // Nobody tells when a webhook is back.
      const isWebhookGone = 'reason' in plan && plan.reason === 'WebhookFailed';
      return isWebhookGone ? { requeueAfterMs: 30_000 } : undefined;
    },
  };
}

async function write(
  client: KubeClient,
  { inventories }: DeliveryCaches,
  inventory: FeedInventory,
  signal: AbortSignal,
): Promise<void> {
  const found = inventories.get(splitKey(keyOf(inventory)));
  if (found !== undefined && isAsWanted(found, inventory)) return;
  const options = { fieldManager: 'clusternet-hub', force: true };
  inventories.note(await client.apply(feedInventories, inventory, options, signal));
}

async function tell(
  { client, events, clock }: Runtime,
  subscription: Subscription,
  plan: InventoryPlan,
  signal: AbortSignal,
): Promise<Subscription> {
  const condition = interpreted(subscription, plan);
  if (condition === undefined) return subscription;
  const known = knownCondition(subscription);
  if (condition.status === 'False' && condition.message !== known?.message) {
    events.warning(subscription, 'UnParseableFeeds', condition.message, 'Interpret');
  }
  const manager = 'clusternet-hub-feed-inventory';
  return writeConditions(client, subscription, [condition], manager, clock.now(), signal);
}

function isHonoured({ metadata }: Subscription, caches: DeliveryCaches): boolean {
  return metadata.deletionTimestamp === undefined && !isDedicated(caches, metadata.namespace);
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

/** A missing feed is said by FeedsFound. That nothing is wrong is only worth a write where it was not. */
function interpreted(
  subscription: Subscription,
  plan: InventoryPlan,
): DeliveryCondition | undefined {
  const observedGeneration = subscription.metadata.generation ?? 0;
  if ('invalid' in plan) {
    const message = `${plan.invalid} The last inventory and placement stay.`;
    return { type, status: 'False', reason: plan.reason, message, observedGeneration };
  }
  if ('missing' in plan || knownCondition(subscription)?.status !== 'False') return undefined;
  const message = 'Nothing is wrong with what the feeds ask for.';
  return { type, status: 'True', reason: 'FeedsInterpreted', message, observedGeneration };
}

const type = 'FeedsInterpreted';

function knownCondition({ status }: Subscription) {
  return findCondition(status?.conditions, type);
}
