import type { KubeObject } from '../api/kube-object.ts';
import type { Resource } from '../api/resource.ts';
import { ApiError, isNotFound } from '../kube/api-error.ts';
import type { KubeClient } from '../kube/client.ts';

const attempts = 5;

/**
 * Makes sure the object has the finalizer before anything is done that must be undone. Based on `object` as we
 * know it: when it has changed since, this is a conflict (409) and the reconcile comes back.
 */
export async function addFinalizer<T extends KubeObject>(
  client: KubeClient,
  resource: Resource<T>,
  object: T,
  finalizer: string,
  signal?: AbortSignal,
): Promise<T> {
  const { namespace, name = '', uid, resourceVersion, finalizers = [] } = object.metadata;
  if (finalizers.includes(finalizer)) return object;
  const metadata = { uid, resourceVersion, finalizers: [...finalizers, finalizer] };
  const patch = { type: 'merge', body: { metadata } } as const;
  return client.patch(resource, { namespace, name }, patch, {}, signal);
}

/** Takes the finalizer off, and no other one even when the list changes meanwhile; an object already gone is fine. */
export async function removeFinalizer<T extends KubeObject>(
  client: KubeClient,
  resource: Resource<T>,
  object: T,
  finalizer: string,
  signal?: AbortSignal,
): Promise<void> {
  const { namespace, name = '', uid } = object.metadata;
  let live: T | undefined = object;
  for (let attempt = 1; live !== undefined && live.metadata.uid === uid; attempt++) {
    const index = (live.metadata.finalizers ?? []).indexOf(finalizer);
    if (index < 0) return;
    const path = `/metadata/finalizers/${index}`;
    const body = [
      { op: 'test', path: '/metadata/uid', value: uid },
      { op: 'test', path, value: finalizer },
      { op: 'remove', path },
    ];
    try {
      await client.patch(resource, { namespace, name }, { type: 'json', body }, {}, signal);
      return;
    } catch (error) {
      if (isNotFound(error)) return;
      if (!isFailedTest(error) || attempt === attempts) throw error;
    }
    live = await client.find(resource, { namespace, name }, signal);
  }
}

/** How API servers answer a JSON patch whose test does not hold, or whose index is gone. */
function isFailedTest(error: unknown): boolean {
  return error instanceof ApiError && (error.code === 422 || error.code === 409);
}
