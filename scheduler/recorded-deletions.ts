import type { KubeObject } from '../api/kube-object.ts';
import type { Informer } from '../reconcile/informer.ts';
import { keyOf } from '../reconcile/key.ts';

/**
 * The keys of objects whose deletion the API server reported while we watched. An object that is merely missing
 * from a list is not among them: that may be a restored backup or a broken index, and is no reason to uninstall.
 */
export function recordDeletions<T extends KubeObject>(informer: Informer<T>): ReadonlySet<string> {
  const deleted = new Set<string>();
  informer.onChange(({ type, object, missing }) => {
    if (type !== 'deleted') deleted.delete(keyOf(object));
    else if (!missing) deleted.add(keyOf(object));
  });
  return deleted;
}
