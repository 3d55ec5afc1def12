import { bases } from '../../api/apps/base.ts';
import { descriptions } from '../../api/apps/description.ts';
import type { Subscription } from '../../api/apps/subscription.ts';
import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import type { KubeObject } from '../../api/kube-object.ts';
import type { Resource } from '../../api/resource.ts';
import type { KubeClient, ObjectKey } from '../../kube/client.ts';
import { keyOf } from '../../reconcile/key.ts';
import type { Runtime } from '../../reconcile/runtime.ts';
import { baseFor, descriptionFor, withRawDigest } from './delivered-objects.ts';
import type { DeliveryCaches } from './delivery-caches.ts';
import { isAsWanted } from './is-as-wanted.ts';

export interface Delivery {
  readonly runtime: Pick<Runtime, 'client' | 'events'>;
  readonly caches: DeliveryCaches;
}

/** A cluster whose Base or Description could not be written. */
export interface DeliveryFailure {
  readonly cluster: ManagedCluster;
  readonly error: unknown;
}

/** How many clusters are written to at the same time for one Subscription. */
const parallel = 16;

/**
 * Makes Base and Description in every cluster's namespace as they should be. One cluster that fails holds up no other. Until `held`,
 * the Subscription cannot vanish unseen, no Description is made: a Base alone changes nothing in its cluster.
 */
export async function deliver(
  delivery: Delivery,
  subscription: Subscription,
  clusters: readonly ManagedCluster[],
  rawFor: (clusterKey: string) => readonly string[],
  held: Promise<unknown>,
  signal: AbortSignal,
): Promise<readonly DeliveryFailure[]> {
  const failures: DeliveryFailure[] = [];
  const rest = clusters.values();
  const worker = async (): Promise<void> => {
    for (const cluster of rest) {
      try {
        await deliverTo(delivery, subscription, cluster, rawFor(keyOf(cluster)), held, signal);
      } catch (error) {
        failures.push({ cluster, error });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, clusters.length) }, worker));
  return failures;
}

async function deliverTo(
  { runtime: { client, events }, caches }: Delivery,
  subscription: Subscription,
  cluster: ManagedCluster,
  raw: readonly string[],
  held: Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  const wantedBase = baseFor(subscription, cluster);
  const foundBase = caches.bases.get(keyFor(wantedBase));
  // What is being deleted is made again when it has gone.
  if (foundBase?.metadata.deletionTimestamp !== undefined) return;
  const isSame = foundBase !== undefined && isAsWanted(foundBase, wantedBase);
  const applied = isSame ? foundBase : apply(client, bases, wantedBase, signal);
  const [base] = await Promise.all([applied, held]);
  const wanted = descriptionFor(subscription, cluster, base, raw);
  const found = caches.descriptions.get(keyFor(wanted));
  if (found?.metadata.deletionTimestamp !== undefined) return;
  if (found !== undefined && isAsWanted(found, withRawDigest(wanted))) return;
  caches.descriptions.note(await apply(client, descriptions, wanted, signal));
  const { namespace, name } = cluster.metadata;
  const message = `${found === undefined ? 'Delivered to' : 'Updated in'} cluster ${namespace}/${name}.`;
  const reason = found === undefined ? 'DescriptionCreated' : 'DescriptionUpdated';
  events.normal(subscription, reason, message, 'Deliver');
}

function keyFor({ metadata: { namespace, name = '' } }: KubeObject): ObjectKey {
  return { namespace, name };
}

function apply<T extends KubeObject>(
  client: KubeClient,
  resource: Resource<T>,
  wanted: T,
  signal: AbortSignal,
): Promise<T> {
  return client.apply(resource, wanted, { fieldManager: 'clusternet-hub', force: true }, signal);
}
