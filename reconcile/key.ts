import type { ObjectKey } from '../kube/client.ts';

/** `namespace/name`, or `name` for what has no namespace. */
export function keyOf(object: { readonly metadata: Partial<ObjectKey> }): string {
  const { namespace, name = '' } = object.metadata;
  return namespace ? `${namespace}/${name}` : name;
}

/** The inverse of {@link keyOf}. */
export function splitKey(key: string): ObjectKey {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
