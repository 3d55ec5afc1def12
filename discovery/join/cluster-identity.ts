import { agentLease, annotations, namespaces } from '../../api/well-known.ts';
import { isAlreadyExists, isNotFound } from '../../kube/api-error.ts';
import { builtin } from '../../kube/builtin.ts';
import type { Lease, Namespace } from '../../kube/builtin-kinds.ts';
import type { KubeClient } from '../../kube/client.ts';

const leaseKey = { namespace: namespaces.system, name: agentLease };

/** The identity that a cluster already has: the UID of its agent's Lease, or the id of an earlier installation that the Lease remembers. */
export async function findClusterId(
  child: KubeClient,
  signal: AbortSignal,
): Promise<string | undefined> {
  const lease = await child.find(builtin.leases, leaseKey, signal);
  return lease && idOf(lease);
}

/** As findClusterId, giving the cluster an identity (a Lease without holder, which its agent takes over) when it has none. */
export async function ensureClusterId(child: KubeClient, signal: AbortSignal): Promise<string> {
  const known = await findClusterId(child, signal);
  if (known !== undefined) return known;
  await createLease(child, {}, signal);
  return idOf(await child.get(builtin.leases, leaseKey, signal));
}

/** Gives a cluster back the identity that it lost together with its Lease. */
export async function restoreClusterId(
  child: KubeClient,
  clusterId: string,
  signal: AbortSignal,
): Promise<void> {
  const known = await findClusterId(child, signal);
  if (known === clusterId) return;
  const remembered = { [annotations.legacyClusterId]: clusterId };
  if (known === undefined) return createLease(child, remembered, signal);
  const body = { metadata: { annotations: remembered } };
  await child.patch(builtin.leases, leaseKey, { type: 'merge', body }, {}, signal);
}

async function createLease(
  child: KubeClient,
  leaseAnnotations: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const namespace: Namespace = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespaces.system },
  };
  const lease: Lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { ...leaseKey, annotations: leaseAnnotations },
    spec: {},
  };
  try {
    await createOnce(() => child.create(builtin.leases, lease, signal));
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await createOnce(() => child.create(builtin.namespaces, namespace, signal));
    await createOnce(() => child.create(builtin.leases, lease, signal));
  }
}

function idOf(lease: Lease): string {
  return lease.metadata.annotations?.[annotations.legacyClusterId] ?? lease.metadata.uid ?? '';
}

/** Somebody else may be faster; then the object is there, which is all we want. */
async function createOnce(create: () => Promise<unknown>): Promise<void> {
  try {
    await create();
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
