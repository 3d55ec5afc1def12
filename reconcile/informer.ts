import type { KubeObject } from '../api/kube-object.ts';
import { type LabelSelector, matchesSelector } from '../api/label-selector.ts';
import type { Resource } from '../api/resource.ts';
import type { ObjectKey } from '../kube/client.ts';
import type { ReflectorSink } from '../kube/reflector.ts';
import { keyOf } from './key.ts';
import { ObjectIndex } from './object-index.ts';
import { versionNumber } from './version-number.ts';

/** What happened to an object. */
export interface Change<T> {
  readonly type: 'added' | 'updated' | 'deleted';
  /** The object now; for `deleted`, as it was last seen. */
  readonly object: T;
  /** The object before an update. */
  readonly old?: T;
  /** Part of the first list, not something that happened while we watched. */
  readonly initial: boolean;
  /** `deleted` because a new list lacks the object: the server never told us of its deletion. */
  readonly missing?: true;
}

/** Gets every change of an informer. */
export type ChangeHandler<T> = (change: Change<T>) => void;

/**
 * The objects of one kind as the API server last told us. They are shared: never change them.
 * What it says can be late, never wrong: an object is only gone when the server said so.
 */
export interface Informer<T extends KubeObject> {
  readonly resource: Resource<T>;
  get(key: ObjectKey): T | undefined;
  list(namespace?: string): readonly T[];
  /** Objects whose labels match; an undefined selector matches nothing, an empty one everything. */
  select(selector: LabelSelector | undefined, namespace?: string): readonly T[];
  /** Adds a way to look objects up; may be called at any time, once per name. */
  addIndex(name: string, keys: (object: T) => readonly string[]): void;
  byIndex(name: string, key: string): readonly T[];
  /** Calls `handler` for everything there is and for every later change, until the returned function is called. */
  onChange(handler: ChangeHandler<T>): () => void;
  /**
   * Takes in what the server answered to a write of ours, so that the next look does not come before the watch. Only a newer state of
   * an object that is here counts: whether one exists, the watch alone tells.
   */
  note(object: T): void;
  /** Resolves once the first list is complete. */
  synced(): Promise<void>;
  isSynced(): boolean;
}

/** Options of a {@link StoreInformer}. */
export interface StoreInformerOptions<T> {
  /** Makes every object immutable, so that a test finds whoever changes one. */
  readonly freeze: boolean;
  /** Gets what a handler threw: one broken handler must not starve the others. */
  readonly onHandlerError: (error: unknown) => void;
  /** Reduces what is noted as the reflector reduces what it brings. */
  readonly transform?: (object: T) => T;
}

const byNamespace = 'namespace';

/** The informer behind {@link Informer}: a reflector fills it, page by page, by mark and sweep. */
export class StoreInformer<T extends KubeObject> implements Informer<T>, ReflectorSink<T> {
  readonly resource: Resource<T>;
  readonly #options: StoreInformerOptions<T>;
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, ObjectIndex<T>>();
  readonly #handlers = new Set<ChangeHandler<T>>();
  readonly #synced = Promise.withResolvers<void>();
  #isSynced = false;
  /** Keys seen since the list in progress began; what is missing at its end is gone. */
  #marked: Set<string> | undefined;

  constructor(resource: Resource<T>, options: StoreInformerOptions<T>) {
    this.resource = resource;
    this.#options = options;
    if (resource.namespaced) {
      this.addIndex(byNamespace, object => [object.metadata.namespace ?? '']);
    }
  }

  get(key: ObjectKey): T | undefined {
    return this.#objects.get(keyOf({ metadata: key }));
  }

  list(namespace?: string): readonly T[] {
    if (namespace === undefined) return [...this.#objects.values()];
    return this.byIndex(byNamespace, namespace);
  }

  select(selector: LabelSelector | undefined, namespace?: string): readonly T[] {
    return this.list(namespace).filter(object =>
      matchesSelector(selector, object.metadata.labels ?? {}),
    );
  }

  addIndex(name: string, keys: (object: T) => readonly string[]): void {
    const index = new ObjectIndex(keys);
    for (const [id, object] of this.#objects) index.replace(id, undefined, object);
    this.#indexes.set(name, index);
  }

  byIndex(name: string, key: string): readonly T[] {
    const index = this.#indexes.get(name);
    if (index === undefined) throw new Error(`${this.resource.plural} have no index "${name}"`);
    return index.at(key);
  }

  onChange(handler: ChangeHandler<T>): () => void {
    this.#handlers.add(handler);
    for (const object of this.#objects.values()) {
      this.#call(handler, { type: 'added', object, initial: true });
    }
    return () => this.#handlers.delete(handler);
  }

  synced(): Promise<void> {
    return this.#synced.promise;
  }

  isSynced(): boolean {
    return this.#isSynced;
  }

  note(object: T): void {
    const old = this.#objects.get(keyOf(object));
    if (old === undefined || this.#marked !== undefined || !isNewer(object, old)) return;
    this.upsert(this.#options.transform?.(object) ?? object);
  }

  upsert(object: T): void {
    const key = keyOf(object);
    this.#marked?.add(key);
    const old = this.#objects.get(key);
    if (old && sameVersion(old, object)) return;
    // The watch runs behind what was noted; a new list is believed whatever it says.
    if (old && !this.#marked && isNewer(old, object)) return;
    if (this.#options.freeze) freezeDeep(object);
    // A name that was deleted and taken again while we were not watching is two changes, not one.
    const replaced = old !== undefined && old.metadata.uid !== object.metadata.uid;
    if (replaced) this.#delete(key, old, { object: old, missing: true });
    this.#store(key, replaced ? undefined : old, object);
  }

  remove(object: T): void {
    const key = keyOf(object);
    const old = this.#objects.get(key);
    this.#marked?.delete(key);
    if (old) this.#delete(key, old, { object });
  }

  startReplace(): void {
    this.#marked = new Set();
  }

  endReplace(): void {
    const marked = this.#marked ?? new Set();
    this.#marked = undefined;
    for (const [key, object] of [...this.#objects]) {
      if (!marked.has(key)) this.#delete(key, object, { object, missing: true });
    }
    this.#isSynced = true;
    this.#synced.resolve();
  }

  #store(key: string, old: T | undefined, object: T): void {
    for (const index of this.#indexes.values()) index.replace(key, old, object);
    this.#objects.set(key, object);
    const initial = !this.#isSynced;
    this.#tell(
      old ? { type: 'updated', object, old, initial } : { type: 'added', object, initial },
    );
  }

  #delete(key: string, old: T, last: Pick<Change<T>, 'object' | 'missing'>): void {
    for (const index of this.#indexes.values()) index.replace(key, old, undefined);
    this.#objects.delete(key);
    this.#tell({ type: 'deleted', initial: !this.#isSynced, ...last });
  }

  #tell(change: Change<T>): void {
    for (const handler of this.#handlers) this.#call(handler, change);
  }

  #call(handler: ChangeHandler<T>, change: Change<T>): void {
    try {
      handler(change);
    } catch (error) {
      this.#options.onHandlerError(error);
    }
  }
}

function sameVersion(a: KubeObject, b: KubeObject): boolean {
  return (
    a.metadata.uid === b.metadata.uid && a.metadata.resourceVersion === b.metadata.resourceVersion
  );
}

/** Versions of one kind are numbers that grow (Kubernetes API conventions, since 1.35). */
function isNewer(a: KubeObject, b: KubeObject): boolean {
  return a.metadata.uid === b.metadata.uid && versionNumber(a) > versionNumber(b);
}

function freezeDeep(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) freezeDeep(inner);
}
