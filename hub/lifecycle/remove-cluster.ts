import { bases } from '../../api/apps/base.ts';
import { descriptions } from '../../api/apps/description.ts';
import { helmReleases } from '../../api/apps/helm-release.ts';
import { clusterRegistrationRequests } from '../../api/clusters/cluster-registration-request.ts';
import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import type { KubeObject } from '../../api/kube-object.ts';
import type { Resource } from '../../api/resource.ts';
import { annotations, finalizers, namesFor, serviceAccounts } from '../../api/well-known.ts';
import { isConflict } from '../../kube/api-error.ts';
import { builtin } from '../../kube/builtin.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { EventRecorder } from '../../reconcile/event-recorder.ts';
import { removeFinalizer } from '../../reconcile/finalizers.ts';
import { bootstrapRoleName } from '../approve/child-objects.ts';
import { isDedicatedTo } from '../approve/registration-verdict.ts';
import { tunnelLeaseName } from '../tunnel-leases.ts';

export interface Removal {
  readonly client: KubeClient;
  readonly events: EventRecorder;
  /** The hub's own namespace, where the Leases are. */
  readonly namespace: string;
}

/** Removes everything that stands for a cluster but its ManagedCluster, in the order of docs/designs/20261124-leaving.md. */
export async function removeCluster(
  removal: Removal,
  cluster: ManagedCluster,
  signal: AbortSignal,
): Promise<void> {
  const { client } = removal;
  const dedicated = cluster.metadata.namespace ?? '';
  // Without its accounts the child can neither see nor act on what follows: its applications keep running.
  for (const name of [serviceAccounts.child, serviceAccounts.bootstrap]) {
    await client.delete(builtin.serviceAccounts, { namespace: dedicated, name }, {}, signal);
  }
  await removeDelivered(removal, dedicated, signal);
  await removeRights(removal, cluster, signal);
  await removeRequest(client, cluster, signal);
  await removeNamespace(client, cluster, signal);
  // A delivery that was under way may have made something since; into a namespace that is going nothing can be put.
  await removeDelivered(removal, dedicated, signal);
}

async function removeDelivered(
  removal: Removal,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  await letGoOfAll(removal, descriptions, namespace, signal);
  await letGoOfAll(removal, helmReleases, namespace, signal);
  await letGoOfAll(removal, bases, namespace, signal);
}

async function letGoOfAll<T extends KubeObject>(
  { client, events }: Removal,
  resource: Resource<T>,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  for (const object of await client.listAll(resource, { namespace }, signal)) {
    const { name = '', uid } = object.metadata;
    await letGo(client, resource, object, signal);
    // Told about an object without namespace, for the events of this one will be gone with it in a moment.
    const subject = { ...object, metadata: { name, ...(uid === undefined ? {} : { uid }) } };
    const message = `${resource.kind} ${namespace}/${name} was removed because its cluster has left; what it had brought into the cluster stays there.`;
    events.normal(subject, 'ClusterLeft', message, 'Leave');
  }
}

const attempts = 20;

/**
 * Makes an object vanish without ever being marked for deletion, by which an agent that still watches would take its applications away.
 * For up to ten seconds the API server may still accept such an agent's token, and it puts its finalizer back: then again.
 */
async function letGo<T extends KubeObject>(
  client: KubeClient,
  resource: Resource<T>,
  object: T,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name = '', uid } = object.metadata;
  for (let attempt = 1; attempt <= attempts; attempt++) {
    await removeFinalizer(client, resource, object, finalizers.apps, signal);
    const live = await client.find(resource, { namespace, name }, signal);
    if (live === undefined || live.metadata.uid !== uid) return;
    if (live.metadata.finalizers?.includes(finalizers.apps)) continue;
    const { resourceVersion = '' } = live.metadata;
    try {
      await client.delete(resource, { namespace, name }, { resourceVersion }, signal);
      return;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
  throw new Error(`${resource.kind} ${namespace}/${name} changes faster than it can be let go of`);
}

async function removeRights(
  { client, namespace }: Removal,
  { metadata, spec: { clusterId } }: ManagedCluster,
  signal: AbortSignal,
): Promise<void> {
  const binding = { namespace: metadata.namespace, name: serviceAccounts.child };
  await client.delete(builtin.roleBindings, binding, {}, signal);
  for (const name of [namesFor.childClusterRole(clusterId), bootstrapRoleName(clusterId)]) {
    await client.delete(builtin.clusterRoleBindings, { name }, {}, signal);
    await client.delete(builtin.clusterRoles, { name }, {}, signal);
  }
  const lease = { namespace, name: tunnelLeaseName(clusterId) };
  await client.delete(builtin.leases, lease, {}, signal);
}

/** Only the request this cluster was made for: one that was made since wants to join anew. */
async function removeRequest(
  client: KubeClient,
  { metadata, spec }: ManagedCluster,
  signal: AbortSignal,
): Promise<void> {
  const key = { name: namesFor.registrationRequest(spec.clusterId) };
  const uid = metadata.annotations?.[annotations.registrationUid];
  const found = await client.find(clusterRegistrationRequests, key, signal);
  if (found === undefined || uid === undefined || found.metadata.uid !== uid) return;
  await client.delete(clusterRegistrationRequests, key, { uid }, signal);
}

async function removeNamespace(
  client: KubeClient,
  { metadata, spec }: ManagedCluster,
  signal: AbortSignal,
): Promise<void> {
  const key = { name: metadata.namespace ?? '' };
  const namespace = await client.find(builtin.namespaces, key, signal);
  if (namespace === undefined || !isDedicatedTo(namespace, spec.clusterId)) return;
  const { uid } = namespace.metadata;
  await client.delete(builtin.namespaces, key, uid === undefined ? {} : { uid }, signal);
}
