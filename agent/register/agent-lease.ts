import { agentLease, annotations, namespaces } from '../../api/well-known.ts';
import { isAlreadyExists } from '../../kube/api-error.ts';
import { builtin } from '../../kube/builtin.ts';
import type { Lease } from '../../kube/builtin-kinds.ts';
import type { KubeClient } from '../../kube/client.ts';

const key = { namespace: namespaces.system, name: agentLease };

/**
 * The cluster's id: the UID of the agent's Lease, unless the Lease remembers the id of an earlier installation.
 * Discovery or leader election has usually made the Lease; otherwise it is made here.
 */
export async function readClusterId(child: KubeClient, signal: AbortSignal): Promise<string> {
  const lease =
    (await child.find(builtin.leases, key, signal)) ?? (await createLease(child, signal));
  return lease.metadata.annotations?.[annotations.legacyClusterId] ?? lease.metadata.uid ?? '';
}

/** Leaves word on the Lease why the parent is not reached (or takes it back), for discovery and for people. */
export async function noteDialError(
  child: KubeClient,
  text: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const lease = await child.get(builtin.leases, key, signal);
  if (lease.metadata.annotations?.[annotations.lastDialError] === text) return;
  const body = { metadata: { annotations: { [annotations.lastDialError]: text ?? null } } };
  await child.patch(builtin.leases, key, { type: 'merge', body }, {}, signal);
}

async function createLease(child: KubeClient, signal: AbortSignal): Promise<Lease> {
  const lease: Lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: key };
  try {
    return await child.create(builtin.leases, lease, signal);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    return child.get(builtin.leases, key, signal);
  }
}
