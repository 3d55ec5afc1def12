import { isAlreadyExists } from '../../kube/api-error.ts';
import { builtin } from '../../kube/builtin.ts';
import type { KubeClient } from '../../kube/client.ts';

/** Makes the namespace of Manifests where it is missing: clusterctl lets a release bring one Namespace only, and that is ours. */
export async function ensureReservedNamespace(
  client: KubeClient,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  if ((await client.find(builtin.namespaces, { name }, signal)) !== undefined) return;
  try {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    await client.create(builtin.namespaces, namespace, signal);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
