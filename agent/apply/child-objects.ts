import type { KubeObject } from '../../api/kube-object.ts';
import type { Resource } from '../../api/resource.ts';
import { labels } from '../../api/well-known.ts';
import type { ObjectKey } from '../../kube/client.ts';
import type { Cache } from '../../reconcile/cache.ts';
import type { Change, Informer } from '../../reconcile/informer.ts';
import { keyOf } from '../../reconcile/key.ts';
import type { Source } from '../../reconcile/source.ts';
import { versionNumber } from '../../reconcile/version-number.ts';
import { type ObservedObject, observe, ownerOf } from './observed-object.ts';

const remembered = 10_000;

/** What we have applied in the child, as the child shows it: one watch per kind, begun when the kind is first met. */
export class ChildObjects {
  readonly #cache: Cache;
  readonly #informers = new Map<string, Informer<ObservedObject>>();
  readonly #gone = new Map<string, bigint>();
  readonly #listeners = new Set<(change: Change<ObservedObject>) => void>();

  constructor(cache: Cache) {
    this.#cache = cache;
  }

  /** Begins to watch our objects of a kind, if that has not happened yet. */
  watch(resource: Resource): void {
    const id = `${resource.group}/${resource.plural}`;
    if (this.#informers.has(id)) return;
    const informer = this.#cache.informer(resource as Resource<ObservedObject>, {
      labelSelector: labels.descriptionUid,
      transform: observe as unknown as (object: ObservedObject) => ObservedObject,
    });
    this.#informers.set(id, informer);
    informer.onChange(change => {
      this.#remember(id, change);
      for (const listener of this.#listeners) listener(change);
    });
  }

  /** The object, or undefined when it does not bear our label or is not known yet. */
  find(resource: Resource, key: ObjectKey): ObservedObject | undefined {
    return this.#informers.get(`${resource.group}/${resource.plural}`)?.get(key);
  }

  /** The version an object had when the watch showed it for the last time; undefined when it is shown, or never was. */
  lastVersion(resource: Resource, key: ObjectKey): bigint | undefined {
    return this.#gone.get(`${resource.group}/${resource.plural} ${keyOf({ metadata: key })}`);
  }

  #remember(id: string, { type, object }: Change<ObservedObject>): void {
    const key = `${id} ${keyOf(object)}`;
    this.#gone.delete(key);
    if (type === 'deleted') this.#gone.set(key, versionNumber(object));
    const [oldest] = this.#gone.keys();
    if (this.#gone.size > remembered && oldest !== undefined) this.#gone.delete(oldest);
  }

  /** The keys of the Descriptions whose objects change. */
  source(): Source {
    return {
      synced: () => Promise.resolve(),
      start: enqueue => {
        const listener = (change: Change<ObservedObject>) => {
          for (const key of ownerKeys(change)) enqueue(key, change.initial);
        };
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
  }
}

function ownerKeys(change: Change<ObservedObject>): ReadonlySet<string> {
  const objects: KubeObject[] = [change.object, ...(change.old === undefined ? [] : [change.old])];
  return new Set(objects.flatMap(object => ownerOf(object)?.replace('.', '/') ?? []));
}
