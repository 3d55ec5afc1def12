import { type Subscription, subscriptions } from '../../api/apps/subscription.ts';
import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import { findCondition } from '../../api/conditions.ts';
import { finalizers } from '../../api/well-known.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Controller, ReconcileResult } from '../../reconcile/controller.ts';
import { addFinalizer, removeFinalizer } from '../../reconcile/finalizers.ts';
import { keyOf, splitKey } from '../../reconcile/key.ts';
import type { Runtime } from '../../reconcile/runtime.ts';
import { type Source, watchObjects } from '../../reconcile/source.ts';
import { type DeliveryFailure, deliver } from './deliver.ts';
import {
  boundTo,
  type DeliveryCaches,
  deliveryCaches,
  hasChart,
  isDedicated,
  manifestsOf,
  originOf,
  subscribersOf,
  subscribersOfChart,
} from './delivery-caches.ts';
import { type DeliveryCondition, planDelivery } from './delivery-plan.ts';
import { writeConditions } from './subscription-conditions.ts';
import { withdraw, withdrawAll, withdrawKnown } from './withdraw.ts';

/** When to look again for what the cache does not show yet. */
const unseenMs = 1_000;

/** Brings what a Subscription names to the clusters it is bound to, as Base and Description, and takes it back from all others. */
export function deliveryController(runtime: Runtime, reservedNamespace: string): Controller {
  const { cache, client } = runtime;
  const caches = deliveryCaches(cache, reservedNamespace);
  const delivery = { runtime, caches };
  return {
    name: 'delivery',
    sources: sourcesOf(caches),
    reads: [caches.namespaces],
    async reconcile(key, signal) {
      const subscription = caches.subscriptions.get(splitKey(key));
      if (subscription === undefined) return undefined;
      if (subscription.metadata.deletionTimestamp !== undefined) {
        return finish(runtime, caches, subscription, signal);
      }
      const plan = planDelivery(subscription, {
        manifestsOf: feed => manifestsOf(caches, feed),
        hasChart: chart => hasChart(caches, chart),
        inventory: caches.inventories.get(splitKey(key)),
        reservedNamespace,
        inDedicatedNamespace: isDedicated(caches, subscription.metadata.namespace),
      });
      const { rawFor = () => [] } = plan;
      const bound = plan.rawFor === undefined ? [] : boundClusters(caches, subscription);
      // From here on there is something to take back. Earlier it would only get in the scheduler's way.
      const held =
        bound.length > 0
          ? addFinalizer(client, subscriptions, subscription, finalizers.apps, signal)
          : Promise.resolve();
      const failures = await deliver(delivery, subscription, bound, rawFor, held, signal);
      await held.catch(error => takeBackFromGone(client, subscription, error, signal));
      if (plan.withdraw) await withdraw(delivery, subscription, signal);
      const conditions = withFailures(plan.conditions, failures);
      warnOfBadResult(runtime, subscription, conditions);
      const now = runtime.clock.now();
      const manager = 'clusternet-hub-deliver';
      caches.subscriptions.note(
        await writeConditions(client, subscription, conditions, manager, now, signal),
      );
      throwFailures(failures);
      return undefined;
    },
  };
}

function sourcesOf(caches: DeliveryCaches): Source[] {
  return [
    watchObjects(caches.subscriptions),
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
    watchObjects(caches.bases, { enqueue: ({ object }) => originOf(caches, object) }),
    watchObjects(caches.descriptions, {
      // Its status is nobody's business here.
      when: ({ type, object, old }) =>
        type !== 'updated' || object.metadata.generation !== old?.metadata.generation,
      enqueue: ({ object }) => originOf(caches, object),
    }),
    watchObjects(caches.clusters, {
      when: ({ type }) => type !== 'updated',
      enqueue: ({ object }) => boundTo(caches, object),
    }),
  ];
}

/** Tells users what the log tells operators; the retry that follows the throw makes it go away when it can. */
function withFailures(
  conditions: readonly DeliveryCondition[],
  failures: readonly DeliveryFailure[],
): readonly DeliveryCondition[] {
  const [first] = failures;
  if (first === undefined) return conditions;
  const why = first.error instanceof Error ? first.error.message : String(first.error);
  const count = failures.length === 1 ? '1 cluster' : `${failures.length} clusters`;
  const message = `Could not be written for ${count}, first ${keyOf(first.cluster)}: ${why.slice(0, 500)}. It is tried again.`;
  return conditions.map(condition =>
    condition.type === 'Rendered'
      ? { ...condition, status: 'False', reason: 'WriteFailed', message }
      : condition,
  );
}

/** Tells once what upstream's users look for, when the scheduler's numbers fit its clusters not. */
function warnOfBadResult(
  { events }: Runtime,
  subscription: Subscription,
  conditions: readonly DeliveryCondition[],
): void {
  const bad = conditions.find(({ reason }) => reason === 'BadSchedulingResult');
  const known = findCondition(subscription.status?.conditions, 'Rendered')?.reason;
  if (bad === undefined || known === bad.reason) return;
  events.warning(subscription, 'BadSchedulingResult', bad.message, 'Localize');
}

function throwFailures(failures: readonly DeliveryFailure[]): void {
  if (failures.length === 0) return;
  const errors = failures.map(({ error }) => error);
  throw new AggregateError(errors, `${failures.length} clusters could not be written`);
}

/** The bound clusters that exist and are not leaving. */
function boundClusters(caches: DeliveryCaches, { status }: Subscription): ManagedCluster[] {
  return (status?.bindingClusters ?? []).flatMap(key => {
    const cluster = caches.clusters.get(splitKey(key));
    return cluster === undefined || cluster.metadata.deletionTimestamp !== undefined
      ? []
      : [cluster];
  });
}

/** The Subscription could not be held: if it is gone or going, its Bases must not stay behind. Throws the error that says so. */
async function takeBackFromGone(
  client: KubeClient,
  subscription: Subscription,
  error: unknown,
  signal: AbortSignal,
): Promise<never> {
  const { namespace, name = '', uid } = subscription.metadata;
  const live = await client.find(subscriptions, { namespace, name }, signal);
  const isThere = live?.metadata.uid === uid && live?.metadata.deletionTimestamp === undefined;
  if (!isThere) await withdrawAll(client, subscription, signal);
  throw error;
}

/** Takes back everything; the Subscription is gone only when every cluster has given back what it was given. */
async function finish(
  runtime: Runtime,
  caches: DeliveryCaches,
  subscription: Subscription,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  if (!subscription.metadata.finalizers?.includes(finalizers.apps)) return undefined;
  const { client, logger } = runtime;
  if (await withdrawKnown({ runtime, caches }, subscription, signal)) return undefined;
  if (await withdrawAll(client, subscription, signal)) return { requeueAfterMs: unseenMs };
  logger.info({ subscription: keyOf(subscription) }, 'withdrawn from every cluster');
  await removeFinalizer(client, subscriptions, subscription, finalizers.apps, signal);
  return undefined;
}
