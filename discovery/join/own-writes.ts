import type { KubeObject } from '../../api/kube-object.ts';

/** Bridges the moment between a write and its return through the watch, so that a quick second look does not do everything again. */
export class OwnWrites<T extends KubeObject> {
  readonly #written = new Map<string, T>();

  /** The newer of what the cache has and what we wrote last. */
  latest(key: string, cached: T): T {
    const written = this.#written.get(key);
    if (written !== undefined && isNewer(written, cached)) return written;
    this.#written.delete(key);
    return cached;
  }

  /** The object as the API server answered to a write. */
  note(key: string, written: T): void {
    this.#written.set(key, written);
  }

  forget(key: string): void {
    this.#written.delete(key);
  }
}

/** Kubernetes lets clients compare the resourceVersions of one kind as whole numbers; anything else counts as not newer. */
function isNewer({ metadata: a }: KubeObject, { metadata: b }: KubeObject): boolean {
  if (a.uid !== b.uid) return false;
  const [left = '', right = ''] = [a.resourceVersion, b.resourceVersion];
  if (!/^\d+$/.test(left) || !/^\d+$/.test(right)) return false;
  return BigInt(left) > BigInt(right);
}
