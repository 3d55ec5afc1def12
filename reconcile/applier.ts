import { createHash } from 'node:crypto';
import type { DynamicObject, KubeObject, ObjectMeta } from '../api/kube-object.ts';
import { apiVersionOf, type Resource } from '../api/resource.ts';
import type { ApplyConfiguration, KubeClient, ObjectKey } from '../kube/client.ts';
import { keyOf } from './key.ts';

/** How to apply one object. */
export interface ApplyOptions {
  /** Take fields over from other managers instead of failing with a conflict. */
  readonly force?: boolean;
  readonly subresource?: string;
}

/** Finds the live object, usually in a cache. */
export type LiveLookup = (
  resource: Resource,
  key: ObjectKey,
  signal: AbortSignal,
) => KubeObject | undefined | Promise<KubeObject | undefined>;

interface Applied {
  readonly hash: string;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
}

/**
 * Server-side apply that writes only when there is something to write: an object this applier has applied
 * before is left alone while its desired state is the same and the live object still is, or still holds, it.
 */
export class Applier {
  readonly #client: KubeClient;
  readonly #fieldManager: string;
  readonly #live: LiveLookup;
  readonly #applied = new Map<string, Applied>();

  constructor(client: KubeClient, fieldManager: string, live?: LiveLookup) {
    this.#client = client;
    this.#fieldManager = fieldManager;
    this.#live = live ?? ((resource, key, signal) => client.find(resource, key, signal));
  }

  /** Throws the ApiError of a refused apply; `isConflict` tells that another manager owns a field. */
  async apply<T extends KubeObject>(
    resource: Resource<T>,
    desired: ApplyConfiguration,
    options: ApplyOptions,
    signal: AbortSignal,
  ): Promise<'unchanged' | 'applied'> {
    const { namespace, name = '' } = desired.metadata;
    const id = idOf(resource, desired.metadata, options.subresource);
    const hash = hashOf(desired);
    const live = await this.#live(resource as Resource, { namespace, name }, signal);
    if (live && stillHolds(this.#applied.get(id), hash, live, desired)) return 'unchanged';
    const result = await this.#client.apply(
      resource,
      desired,
      { fieldManager: this.#fieldManager, ...options },
      signal,
    );
    const { uid, resourceVersion } = result.metadata;
    this.#applied.set(id, { hash, uid, resourceVersion });
    return live?.metadata.resourceVersion === resourceVersion ? 'unchanged' : 'applied';
  }

  /** Forgets an object that is gone for good. */
  forget(resource: Resource, metadata: ObjectMeta): void {
    const id = idOf(resource, metadata, '');
    for (const known of this.#applied.keys()) if (known.startsWith(id)) this.#applied.delete(known);
  }
}

function stillHolds(
  applied: Applied | undefined,
  hash: string,
  live: KubeObject,
  desired: ApplyConfiguration,
): boolean {
  if (applied?.hash !== hash || applied.uid !== live.metadata.uid) return false;
  return applied.resourceVersion === live.metadata.resourceVersion || contains(live, desired);
}

/** Whether every field of `part` has the same value in `whole`; lists must be equal in length and order. */
function contains(whole: unknown, part: unknown): boolean {
  if (Array.isArray(part)) {
    if (!Array.isArray(whole) || whole.length !== part.length) return false;
    return part.every((item, index) => contains(whole[index], item));
  }
  if (typeof part !== 'object' || part === null) return Object.is(whole, part);
  if (typeof whole !== 'object' || whole === null) return false;
  return Object.entries(part).every(([name, value]) =>
    contains((whole as DynamicObject)[name], value),
  );
}

function idOf(resource: Resource, metadata: ObjectMeta, subresource = ''): string {
  return `${apiVersionOf(resource)}/${resource.plural} ${keyOf({ metadata })} ${subresource}`;
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64');
}
