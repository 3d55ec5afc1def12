import type { KubeObject } from '../api/kube-object.ts';
import type { Resource } from '../api/resource.ts';
import type { KubeClient } from '../kube/client.ts';
import { diffMergePatch } from '../kube/patch/merge-patch.ts';

interface WithStatus extends KubeObject {
  readonly status?: object;
}

/**
 * Makes `object`'s status on the server what `status` says and nothing else: only the fields that differ from
 * the `object` we decided on are sent, none when none does. Returns the object as it now is. Refused as a conflict
 * (409): another object under the same name, and conditions decided on an outdated object, since a merge patch
 * replaces their whole list and with it what others wrote.
 */
export async function patchStatus<T extends WithStatus>(
  client: KubeClient,
  resource: Resource<T>,
  object: T,
  status: NonNullable<T['status']>,
  options: { readonly fieldManager: string },
  signal?: AbortSignal,
): Promise<T> {
  const { namespace, name = '', uid, resourceVersion } = object.metadata;
  const before = (object.status ?? {}) as Record<string, unknown>;
  const change = diffMergePatch(before, status as Record<string, unknown>);
  if (change === undefined) return object;
  const shared = 'conditions' in change;
  const metadata = shared ? { uid, resourceVersion } : { uid };
  const body = { metadata, status: change };
  const write = { ...options, subresource: 'status' };
  return client.patch(resource, { namespace, name }, { type: 'merge', body }, write, signal);
}
