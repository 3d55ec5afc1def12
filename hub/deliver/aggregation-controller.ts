import { isDeepStrictEqual } from 'node:util';
import { formatFeed } from '../../api/apps/feed.ts';
import { type Subscription, subscriptions } from '../../api/apps/subscription.ts';
import { setCondition } from '../../api/conditions.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Controller } from '../../reconcile/controller.ts';
import { splitKey } from '../../reconcile/key.ts';
import type { Runtime } from '../../reconcile/runtime.ts';
import { watchObjects } from '../../reconcile/source.ts';
import type { InterpreterSet } from '../interpreters/interpreter-set.ts';
import {
  type Aggregate,
  aggregateStatus,
  type DeliveredCluster,
  type Observe,
} from './aggregate-status.ts';
import { baseName } from './delivered-objects.ts';
import {
  type DeliveryCaches,
  deliveryCaches,
  originOf,
  subscribersOfKind,
} from './delivery-caches.ts';

/** Brings back to each Subscription how its feeds fare in the clusters. */
export function aggregationController(
  runtime: Runtime,
  reservedNamespace: string,
  interpreters: InterpreterSet,
): Controller {
  const { cache, client, clock } = runtime;
  const caches = deliveryCaches(cache, reservedNamespace);
  return {
    name: 'status-aggregation',
    // Clusters answer one after the other, and each write of a Subscription is seen by every controller.
    gatherMs: 100,
    sources: [
      watchObjects(caches.subscriptions),
      watchObjects(caches.descriptions, { enqueue: ({ object }) => originOf(caches, object) }),
      interpreters.source(kind => subscribersOfKind(caches, kind)),
    ],
    reads: [caches.clusters],
    async reconcile(key, signal) {
      const subscription = caches.subscriptions.get(splitKey(key));
      if (subscription?.status?.bindingClusters === undefined) return;
      // What is on its way out is told by what is left of it.
      if (subscription.metadata.deletionTimestamp !== undefined) return;
      const clusters = deliveredClusters(caches, subscription);
      const aggregate = aggregateStatus(subscription, clusters, observeBy(runtime, interpreters));
      const written = await write(client, subscription, aggregate, clock.now(), signal);
      caches.subscriptions.note(written);
    },
  };
}

/** What an interpreter cannot tell is not available, and its event says why. */
function observeBy({ events }: Runtime, { current, informer }: InterpreterSet): Observe {
  return (feed, status) => {
    const observed = current.observe(feed, status);
    if (observed === undefined || !('failure' in observed)) return observed;
    const interpreter = informer.get({ name: observed.interpreter });
    const message = `${formatFeed(feed)}: ${observed.failure}`;
    if (interpreter) events.warning(interpreter, 'InterpreterFailed', message, 'Observe');
    return { available: false };
  };
}

/** The bound clusters in the order of the binding; one that is gone is named by its key until the scheduler drops it. */
function deliveredClusters(
  { clusters, descriptions }: DeliveryCaches,
  subscription: Subscription,
): DeliveredCluster[] {
  const name = `${baseName(subscription)}-generic`;
  return (subscription.status?.bindingClusters ?? []).map(key => {
    const { namespace, name: clusterName } = splitKey(key);
    return {
      clusterId: clusters.get(splitKey(key))?.spec.clusterId ?? '',
      clusterName,
      description: descriptions.get({ namespace, name }),
    };
  });
}

async function write(
  client: KubeClient,
  subscription: Subscription,
  { condition, ...fields }: Aggregate,
  now: Date,
  signal: AbortSignal,
): Promise<Subscription> {
  const { status, metadata } = subscription;
  const conditions = setCondition(status?.conditions, condition, now);
  const isSame =
    conditions === status?.conditions &&
    isDeepStrictEqual(status?.aggregatedStatuses, fields.aggregatedStatuses) &&
    status?.completedReleases === fields.completedReleases;
  if (isSame) return subscription;
  const { namespace, name, uid } = metadata;
  const own = conditions.filter(({ type }) => type === condition.type);
  const configuration = {
    apiVersion: subscription.apiVersion,
    kind: subscription.kind,
    metadata: { namespace, name, uid } as Subscription['metadata'],
    status: { ...fields, conditions: own },
  };
  return client.apply(
    subscriptions,
    configuration,
    { fieldManager: 'clusternet-hub-status', force: true, subresource: 'status' },
    signal,
  );
}
