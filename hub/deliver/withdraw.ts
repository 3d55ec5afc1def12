import { type Base, bases } from '../../api/apps/base.ts';
import { type Description, descriptions } from '../../api/apps/description.ts';
import type { Subscription } from '../../api/apps/subscription.ts';
import type { KubeObject } from '../../api/kube-object.ts';
import type { Resource } from '../../api/resource.ts';
import { labels } from '../../api/well-known.ts';
import type { KubeClient } from '../../kube/client.ts';
import { splitKey } from '../../reconcile/key.ts';
import type { Delivery } from './deliver.ts';
import { baseName } from './delivered-objects.ts';
import { type DeliveryCaches, madeFrom } from './delivery-caches.ts';

/**
 * Takes back from clusters the Subscription is not bound to any more. The Description goes first, with the deletion recorded on it;
 * it is gone when its agent has removed the objects. A cluster that is leaving, or has left, is not asked to remove anything:
 * hub/lifecycle lets go of what it was given.
 */
export async function withdraw(
  { runtime: { client }, caches }: Delivery,
  subscription: Subscription,
  signal: AbortSignal,
): Promise<void> {
  const bound = new Set(
    (subscription.status?.bindingClusters ?? []).map(key => splitKey(key).namespace),
  );
  const base = baseName(subscription);
  const isOver = ({ metadata }: KubeObject, name: string): boolean =>
    (metadata.name !== name || !bound.has(metadata.namespace)) &&
    staysIn(caches, metadata.namespace);
  const made = madeFrom(caches, subscription);
  const over = made.descriptions.filter(each => isOver(each, `${base}-generic`));
  await deleteAll(client, descriptions, over, signal);
  const overBases = made.bases.filter(each => isOver(each, base));
  await deleteAll(client, bases, overBases, signal);
}

/** Whether the cluster of a dedicated namespace is there and stays. */
function staysIn({ clusters }: DeliveryCaches, namespace: string | undefined): boolean {
  return clusters.list(namespace).some(({ metadata }) => metadata.deletionTimestamp === undefined);
}

/** Takes back what the cache shows; whether there was anything. Each that goes brings the Subscription up again. */
export async function withdrawKnown(
  { runtime: { client }, caches }: Delivery,
  subscription: Subscription,
  signal: AbortSignal,
): Promise<boolean> {
  const made = madeFrom(caches, subscription);
  await deleteAll(client, descriptions, made.descriptions, signal);
  await deleteAll(client, bases, made.bases, signal);
  return made.descriptions.length + made.bases.length > 0;
}

/**
 * Takes back what the API server has; whether there was anything. A cache may not know yet what was made a moment ago, so only this
 * proves that nothing is left.
 */
export async function withdrawAll(
  client: KubeClient,
  subscription: Subscription,
  signal: AbortSignal,
): Promise<boolean> {
  const selection = { labelSelector: `${labels.subscriptionUid}=${subscription.metadata.uid}` };
  const [madeDescriptions, madeBases] = await Promise.all([
    client.listAll<Description>(descriptions, selection, signal),
    client.listAll<Base>(bases, selection, signal),
  ]);
  await deleteAll(client, descriptions, madeDescriptions, signal);
  await deleteAll(client, bases, madeBases, signal);
  return madeDescriptions.length + madeBases.length > 0;
}

async function deleteAll<T extends KubeObject>(
  client: KubeClient,
  resource: Resource<T>,
  objects: readonly T[],
  signal: AbortSignal,
): Promise<void> {
  for (const { metadata } of objects) {
    if (metadata.deletionTimestamp !== undefined) continue;
    const { namespace, name = '', uid } = metadata;
    await client.delete(resource, { namespace, name }, uid === undefined ? {} : { uid }, signal);
  }
}
