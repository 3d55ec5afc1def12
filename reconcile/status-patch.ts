import type { KubeObject } from '../api/kube-object.ts';
import type { Resource } from '../api/resource.ts';
import type { KubeClient } from '../kube/client.ts';
import { diffMergePatch } from '../kube/patch/merge-patch.ts';

interface WithStatus extends KubeObject {
  readonly status?: object;
}

/**
 * Makes `object`'s status on the server what `status` says and nothing else: only the fields that differ from
 * the `object` we decided on are sent, none when none does. Returns the object as it now is. A different object
 * under the same name is refused as a conflict (409).
 */
export async function patchStatus<T extends WithStatus>(
  client: KubeClient,
  resource: Resource<T>,
  object: T,
  status: NonNullable<T['status']>,
  options: { readonly fieldManager: string },
  signal?: AbortSignal,
): Promise<T> {
  const { namespace, name = '', uid } = object.metadata;
  const before = (object.status ?? {}) as Record<string, unknown>;
  const change = diffMergePatch(before, status as Record<string, unknown>);
  if (change === undefined) return object;
  const body = { metadata: { uid }, status: change };
  const write = { ...options, subresource: 'status' };
  return client.patch(resource, { namespace, name }, { type: 'merge', body }, write, signal);
}
