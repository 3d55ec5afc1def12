import type { KubeObject } from '../../api/kube-object.ts';
import { namespaces } from '../../api/well-known.ts';
import { builtin } from '../../kube/builtin.ts';
import type { KubeClient } from '../../kube/client.ts';
import { resourceOf } from './apply-agent.ts';

/** Removes the agent from a cluster that stays: its namespace, then what it owns cluster-wide. Applications are left running. */
export async function removeAgent(
  child: KubeClient,
  objects: readonly KubeObject[],
  signal: AbortSignal,
): Promise<void> {
  await child.delete(builtin.namespaces, { name: namespaces.system }, {}, signal);
  const clusterWide = objects.filter(
    object => object.metadata.namespace === undefined && object.kind !== 'Namespace',
  );
  await Promise.all(
    clusterWide.map(object =>
      child.delete(resourceOf(object), { name: object.metadata.name ?? '' }, {}, signal),
    ),
  );
}
