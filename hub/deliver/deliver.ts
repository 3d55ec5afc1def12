import { isDeepStrictEqual } from 'node:util';
import { type Base, bases } from '../../api/apps/base.ts';
import { type Description, descriptions } from '../../api/apps/description.ts';
import type { Subscription } from '../../api/apps/subscription.ts';
import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import type { KubeObject } from '../../api/kube-object.ts';
import type { Resource } from '../../api/resource.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Informer } from '../../reconcile/informer.ts';
import type { Runtime } from '../../reconcile/runtime.ts';
import { baseFor, descriptionFor } from './delivered-objects.ts';
import type { DeliveryCaches } from './delivery-caches.ts';

export interface Delivery {
  readonly runtime: Pick<Runtime, 'client'>;
  readonly caches: DeliveryCaches;
}

/** How many clusters are written to at the same time for one Subscription. */
const parallel = 16;

/** Makes Base and Description in every cluster's namespace as they should be. One cluster that fails holds up no other. */
export async function deliver(
  delivery: Delivery,
  subscription: Subscription,
  clusters: readonly ManagedCluster[],
  raw: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const failures: unknown[] = [];
  const rest = clusters.values();
  const worker = async (): Promise<void> => {
    for (const cluster of rest) {
      try {
        await deliverTo(delivery, subscription, cluster, raw, signal);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, clusters.length) }, worker));
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) {
    throw new AggregateError(failures, `${failures.length} of ${clusters.length} clusters failed`);
  }
}

async function deliverTo(
  { runtime: { client }, caches }: Delivery,
  subscription: Subscription,
  cluster: ManagedCluster,
  raw: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const wantedBase = baseFor(subscription, cluster);
  const base = await applyChanged<Base>(client, bases, caches.bases, wantedBase, signal);
  if (base === undefined) return;
  const wanted = descriptionFor(subscription, cluster, base, raw);
  await applyChanged<Description>(client, descriptions, caches.descriptions, wanted, signal);
}

/**
 * Applies the object unless the cache shows it as wanted; answers with what there is. Undefined for one that is being deleted: it is
 * made again when it has gone.
 */
async function applyChanged<T extends KubeObject & { readonly spec: unknown }>(
  client: KubeClient,
  resource: Resource<T>,
  cache: Informer<T>,
  wanted: T,
  signal: AbortSignal,
): Promise<T | undefined> {
  const { namespace, name = '' } = wanted.metadata;
  const found = cache.get({ namespace, name });
  if (found?.metadata.deletionTimestamp !== undefined) return undefined;
  if (found !== undefined && isAsWanted(found, wanted)) return found;
  const options = { fieldManager: 'clusternet-hub', force: true };
  return client.apply(resource, wanted, options, signal);
}

function isAsWanted<T extends KubeObject & { readonly spec: unknown }>(
  found: T,
  wanted: T,
): boolean {
  const { labels = {}, annotations = {}, ownerReferences = [], finalizers = [] } = wanted.metadata;
  const uids = new Set(found.metadata.ownerReferences?.map(({ uid }) => uid));
  return (
    isDeepStrictEqual(found.spec, wanted.spec) &&
    holds(found.metadata.labels, labels) &&
    holds(found.metadata.annotations, annotations) &&
    ownerReferences.every(({ uid }) => uids.has(uid)) &&
    finalizers.every(finalizer => found.metadata.finalizers?.includes(finalizer))
  );
}

type Texts = Readonly<Record<string, string>>;

function holds(found: Texts | undefined, wanted: Texts): boolean {
  return Object.entries(wanted).every(([key, value]) => found?.[key] === value);
}
