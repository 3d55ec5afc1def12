import type { KubeObject } from '../api/kube-object.ts';
import type { Resource } from '../api/resource.ts';
import type { KubeClient } from '../kube/client.ts';
import { diffMergePatch } from '../kube/patch/merge-patch.ts';

/** Who writes, and whether others do. */
export interface StatusWriter {
  readonly fieldManager: string;
  /** Nobody else writes conditions of this object, so that an outdated view of it can lose nothing. */
  readonly alone?: boolean;
  /** Every change was decided from all of the object: none is written over a later state of it. */
  readonly strict?: boolean;
}

interface WithStatus extends KubeObject {
  readonly status?: object;
}

/**
 * Makes `object`'s status on the server what `status` says and nothing else: only the fields that differ from
 * the `object` we decided on are sent, none when none does. Returns the object as it now is.
 *
 * Conditions decided on an outdated object are refused as a conflict (409), since a merge patch replaces their
 * whole list and with it what others wrote. Other fields carry no such lock: writers of different fields never
 * get in each other's way, and neither does a writer who is alone. A strict writer's are all refused when outdated:
 * no other object, and no later state of this one, has the same resourceVersion.
 */
export async function patchStatus<T extends WithStatus>(
  client: KubeClient,
  resource: Resource<T>,
  object: T,
  status: NonNullable<T['status']>,
  { fieldManager, alone = false, strict = false }: StatusWriter,
  signal?: AbortSignal,
): Promise<T> {
  const { namespace, name = '', resourceVersion } = object.metadata;
  const before = (object.status ?? {}) as Record<string, unknown>;
  const change = diffMergePatch(before, status as Record<string, unknown>);
  if (change === undefined) return object;
  const locked = strict || (!alone && 'conditions' in change);
  const lock = locked && { metadata: { resourceVersion } };
  const body = { ...lock, status: change };
  const write = { fieldManager, subresource: 'status' };
  return client.patch(resource, { namespace, name }, { type: 'merge', body }, write, signal);
}
