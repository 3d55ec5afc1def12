import { isDeepStrictEqual } from 'node:util';
import type { ClusterRegistrationRequest } from '../../api/clusters/cluster-registration-request.ts';
import { type ManagedCluster, managedClusters } from '../../api/clusters/managed-cluster.ts';
import type { KubeObject } from '../../api/kube-object.ts';
import type { Resource } from '../../api/resource.ts';
import { annotations, serviceAccounts } from '../../api/well-known.ts';
import { isAlreadyExists } from '../../kube/api-error.ts';
import { builtin } from '../../kube/builtin.ts';
import type { ClusterRole, RoleBinding } from '../../kube/builtin-kinds.ts';
import type { KubeClient } from '../../kube/client.ts';
import {
  bootstrapClusterRole,
  type ChildIdentity,
  childClusterRole,
  childClusterRoleBinding,
  childRoleBinding,
  childServiceAccount,
  dedicatedNamespace,
  newManagedCluster,
} from './child-objects.ts';
import { isDedicatedTo } from './registration-verdict.ts';

/** A namespace of the wanted name appeared since the verdict, and it is not ours. */
export class NamespaceTakenError extends Error {
  override readonly name = 'NamespaceTakenError';
}

/**
 * Makes everything that stands for an approved cluster, in an order in which a crash half-way leaves nothing unfindable: every object
 * has a name that follows from the cluster id. What exists already stays as it is.
 */
export async function provision(
  client: KubeClient,
  child: ChildIdentity,
  request: ClusterRegistrationRequest,
  existing: ManagedCluster | undefined,
  signal: AbortSignal,
): Promise<ManagedCluster> {
  await ensureNamespace(client, child, signal);
  for (const name of accountsFor(existing)) {
    await ensure(client, builtin.serviceAccounts, childServiceAccount(child, name), signal);
  }
  await ensureRights(client, child, signal);
  if (existing !== undefined) return rememberRequest(client, existing, request, signal);
  return ensure(client, managedClusters, newManagedCluster(child, request), signal);
}

/** A request that was made anew for a cluster we know is from now on the one that goes when the cluster leaves. */
async function rememberRequest(
  client: KubeClient,
  cluster: ManagedCluster,
  { metadata: { uid = '' } }: ClusterRegistrationRequest,
  signal: AbortSignal,
): Promise<ManagedCluster> {
  const { namespace, name = '' } = cluster.metadata;
  if (cluster.metadata.annotations?.[annotations.registrationUid] === uid) return cluster;
  const body = {
    metadata: { uid: cluster.metadata.uid, annotations: { [annotations.registrationUid]: uid } },
  };
  const options = { fieldManager: 'clusternet-hub' };
  return client.patch(
    managedClusters,
    { namespace, name },
    { type: 'merge', body },
    options,
    signal,
  );
}

/** The bootstrap account is for the first join; later hub/lifecycle decides when it is needed again. */
function accountsFor(existing: ManagedCluster | undefined): string[] {
  const { child, bootstrap } = serviceAccounts;
  return existing === undefined ? [child, bootstrap] : [child];
}

async function ensureNamespace(
  client: KubeClient,
  child: ChildIdentity,
  signal: AbortSignal,
): Promise<void> {
  const namespace = await ensure(client, builtin.namespaces, dedicatedNamespace(child), signal);
  if (!isDedicatedTo(namespace, child.clusterId)) {
    throw new NamespaceTakenError(`namespace ${child.namespace} belongs to something else`);
  }
}

async function ensureRights(
  client: KubeClient,
  child: ChildIdentity,
  signal: AbortSignal,
): Promise<void> {
  const { child: childAccount, bootstrap } = serviceAccounts;
  await ensureAsIs(client, builtin.roleBindings, childRoleBinding(child), signal);
  for (const [role, account] of [
    [childClusterRole(child), childAccount],
    [bootstrapClusterRole(child), bootstrap],
  ] as const) {
    const binding = childClusterRoleBinding(child, role.metadata.name ?? '', account);
    await ensureAsIs(client, builtin.clusterRoles, role, signal);
    await ensureAsIs(client, builtin.clusterRoleBindings, binding, signal);
  }
}

/** Creates the object unless there is one of its name; answers with the one there is. */
async function ensure<T extends KubeObject>(
  client: KubeClient,
  resource: Resource<T>,
  object: T,
  signal: AbortSignal,
): Promise<T> {
  const { namespace, name = '' } = object.metadata;
  const found = await client.find(resource, { namespace, name }, signal);
  if (found !== undefined) return found;
  try {
    return await client.create(resource, object, signal);
  } catch (error) {
    if (isAlreadyExists(error)) return client.get(resource, { namespace, name }, signal);
    throw error;
  }
}

/** As ensure, but an object that gives other rights is replaced (the hub may not update such objects, on purpose). */
async function ensureAsIs<T extends ClusterRole | RoleBinding>(
  client: KubeClient,
  resource: Resource<T>,
  object: T,
  signal: AbortSignal,
): Promise<void> {
  const found = await ensure(client, resource, object, signal);
  if (givesSameRights(found, object)) return;
  const { namespace, name = '', uid } = found.metadata;
  await client.delete(resource, { namespace, name }, uid === undefined ? {} : { uid }, signal);
  await client.create(resource, object, signal);
}

function givesSameRights(found: KubeObject, wanted: KubeObject): boolean {
  const rights = ({ rules, roleRef, subjects }: Partial<ClusterRole & RoleBinding>) =>
    JSON.parse(JSON.stringify({ rules, roleRef, subjects }));
  return isDeepStrictEqual(rights(found), rights(wanted));
}
