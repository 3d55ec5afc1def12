import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../api/kube-object.ts';

/** Whether the cache shows the object as it should be; a steady state writes nothing. */
export function isAsWanted<T extends KubeObject & { readonly spec: unknown }>(
  found: T,
  wanted: T,
): boolean {
  const { labels = {}, annotations = {}, ownerReferences = [], finalizers = [] } = wanted.metadata;
  const uids = new Set(found.metadata.ownerReferences?.map(({ uid }) => uid));
  return (
    isDeepStrictEqual(found.spec, wanted.spec) &&
    holds(found.metadata.labels, labels) &&
    holds(found.metadata.annotations, annotations) &&
    ownerReferences.every(({ uid }) => uids.has(uid)) &&
    finalizers.every(finalizer => found.metadata.finalizers?.includes(finalizer))
  );
}

type Texts = Readonly<Record<string, string>>;

function holds(found: Texts | undefined, wanted: Texts): boolean {
  return Object.entries(wanted).every(([key, value]) => found?.[key] === value);
}
