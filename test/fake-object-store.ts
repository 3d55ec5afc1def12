import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { DynamicObject, KubeObject, ObjectMeta } from '../api/kube-object.ts';
import { apiVersionOf, type Resource } from '../api/resource.ts';
import type { ApiTarget } from './api-path.ts';
import {
  applyFields,
  fieldsOf,
  findConflict,
  managedFields,
  type Owners,
  ownersAfterApply,
  ownersAfterUpdate,
} from './fake-field-owners.ts';
import { Refusal } from './refusal.ts';

/** One entry of the history that watches replay. */
export interface StoreEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly version: number;
  readonly collection: string;
  readonly object: DynamicObject;
}

/** Which collection a request or resource means. */
export type Collection = Pick<ApiTarget, 'group' | 'version' | 'plural'>;

interface Stored {
  readonly object: DynamicObject;
  readonly owners: Owners;
}

/** Who writes: ordinary writes and server-side apply own fields apart from each other. */
export interface Writer {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
}

const nobody: Owners = new Map();

/** kube-apiserver's rules for stored objects: versions, generation, locking, finalizers, field owners. */
export class FakeObjectStore {
  #version = 1;
  #oldest = 1;
  #history: StoreEvent[] = [];
  readonly #objects = new Map<string, Map<string, Stored>>();
  readonly #listeners = new Set<(event: StoreEvent) => void>();

  get version(): number {
    return this.#version;
  }

  /** Watches from before this version get 410. */
  get oldestVersion(): number {
    return this.#oldest;
  }

  /** Forgets the history: every watch and list position from before is too old. */
  compact(): void {
    this.#oldest = ++this.#version;
    this.#history = [];
  }

  since(version: number, collection: Collection): StoreEvent[] {
    const id = collectionId(collection);
    return this.#history.filter(event => event.version > version && event.collection === id);
  }

  listen(listener: (event: StoreEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Test access: stores an object whole, status and metadata included. */
  put<T extends KubeObject>(resource: Resource<T>, object: unknown): T {
    const { metadata, ...rest } = object as T;
    const old = this.#find(resource, metadata);
    const {
      uid = randomUUID(),
      creationTimestamp = now(),
      generation = 1,
    } = old?.object.metadata ?? {};
    const own = { uid, creationTimestamp, generation };
    const whole = {
      ...rest,
      apiVersion: apiVersionOf(resource),
      kind: resource.kind,
      metadata: { ...own, ...metadata },
    } as unknown as DynamicObject;
    return this.#commit(resource, { object: whole, owners: old?.owners ?? nobody }) as unknown as T;
  }

  /** Test access: the object as stored, or undefined. */
  get<T extends KubeObject>(resource: Resource<T>, key: ObjectMeta): T | undefined {
    return this.#find(resource, key)?.object as T | undefined;
  }

  /** Test access: all objects of a kind, by namespace and name. */
  list<T extends KubeObject>(resource: Resource<T>): T[] {
    return this.all(resource) as unknown as T[];
  }

  /** Test access: removes an object at once, finalizers or not. */
  remove(resource: Collection, key: ObjectMeta): void {
    const stored = this.#find(resource, key);
    if (stored) this.#erase(resource, stored.object);
  }

  all(collection: Collection): DynamicObject[] {
    const objects = this.#objects.get(collectionId(collection)) ?? new Map<string, Stored>();
    return [...objects].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { object }]) => object);
  }

  read(target: ApiTarget): DynamicObject {
    return this.#require(target).object;
  }

  create(target: ApiTarget, body: DynamicObject, writer: Writer): DynamicObject {
    const { resourceVersion: _, ...given } = body.metadata;
    const name = given.name ?? `${given.generateName ?? ''}${randomUUID().slice(0, 5)}`;
    const key = { name, ...(target.namespace !== undefined && { namespace: target.namespace }) };
    if (this.#find(target, key)) {
      throw new Refusal(409, 'AlreadyExists', `${target.plural} "${name}" already exists`);
    }
    const { status: __, ...rest } = body;
    const own = { uid: randomUUID(), generation: 1, creationTimestamp: now() };
    const object = { ...rest, metadata: { ...given, ...key, ...own } } as DynamicObject;
    const owners = new Map([[ownerId(writer), fieldsOf(rest)]]);
    return this.#commit(target, { object, owners });
  }

  /** Writes what `change` makes of the live object, by the rules of the main resource or a subresource. */
  update(
    target: ApiTarget,
    change: (live: DynamicObject) => DynamicObject,
    writer: Writer,
  ): DynamicObject {
    const { object: live, owners } = this.#require(target);
    const next = settle(target, live, change(live));
    return this.#write(target, live, {
      object: next,
      owners: ownersAfterUpdate(live, next, ownerId(writer), owners),
    });
  }

  apply(target: ApiTarget, body: DynamicObject, manager: string, force: boolean): DynamicObject {
    const writer: Writer = { manager, operation: 'Apply' };
    const owner = ownerId(writer);
    const stored = this.#find(target, target as ObjectMeta);
    if (!stored) return this.create(target, body, writer);
    const { object: live, owners } = stored;
    const desired = fieldsOf(body);
    const conflict = force ? undefined : findConflict(live, desired, owner, owners);
    if (conflict) {
      const fields = conflict.fields.join(', ');
      throw new Refusal(409, 'Conflict', `conflict with "${conflict.manager}": ${fields}`);
    }
    return this.#write(target, live, {
      object: settle(target, live, applyFields(live, desired, owner, owners)),
      owners: ownersAfterApply(live, desired, owner, owners),
    });
  }

  delete(
    target: ApiTarget,
    preconditions: { uid?: string; resourceVersion?: string } = {},
  ): DynamicObject {
    const { object, owners } = this.#require(target);
    const { uid, resourceVersion, finalizers = [], deletionTimestamp } = object.metadata;
    if ((preconditions.uid ?? uid) !== uid) {
      throw new Refusal(409, 'Conflict', 'the UID in the precondition does not match');
    }
    if ((preconditions.resourceVersion ?? resourceVersion) !== resourceVersion) {
      throw new Refusal(409, 'Conflict', 'the ResourceVersion in the precondition does not match');
    }
    if (finalizers.length === 0) return this.#erase(target, object);
    if (deletionTimestamp !== undefined) return object;
    const metadata = { ...object.metadata, deletionTimestamp: now() };
    return this.#commit(target, { object: { ...object, metadata }, owners });
  }

  #write(target: ApiTarget, live: DynamicObject, next: Stored): DynamicObject {
    const unchanged =
      isDeepStrictEqual(fieldsOf(next.object), fieldsOf(live)) &&
      isDeepStrictEqual(managedFieldsOf(target, next.owners), live.metadata.managedFields);
    if (unchanged) return live;
    const { deletionTimestamp, finalizers = [] } = next.object.metadata;
    const leaves = deletionTimestamp !== undefined && finalizers.length === 0;
    return leaves ? this.#erase(target, next.object) : this.#commit(target, next);
  }

  #commit(collection: Collection, next: Stored): DynamicObject {
    const type = this.#find(collection, next.object.metadata) ? 'MODIFIED' : 'ADDED';
    const version = ++this.#version;
    const metadata = {
      ...next.object.metadata,
      resourceVersion: String(version),
      managedFields: managedFieldsOf(collection, next.owners),
    };
    const object = { ...next.object, metadata };
    this.#objects
      .getOrInsertComputed(collectionId(collection), () => new Map())
      .set(objectId(metadata), { object, owners: next.owners });
    return this.#emit(type, version, collection, object);
  }

  #erase(collection: Collection, object: DynamicObject): DynamicObject {
    this.#objects.get(collectionId(collection))?.delete(objectId(object.metadata));
    const version = ++this.#version;
    const metadata = { ...object.metadata, resourceVersion: String(version) };
    return this.#emit('DELETED', version, collection, { ...object, metadata });
  }

  #emit(
    type: StoreEvent['type'],
    version: number,
    collection: Collection,
    object: DynamicObject,
  ): DynamicObject {
    const event = { type, version, collection: collectionId(collection), object };
    this.#history.push(event);
    for (const listener of this.#listeners) listener(event);
    return object;
  }

  #find(collection: Collection, key: ObjectMeta): Stored | undefined {
    return this.#objects.get(collectionId(collection))?.get(objectId(key));
  }

  #require(target: ApiTarget): Stored {
    const stored = this.#find(target, target as ObjectMeta);
    if (stored) return stored;
    throw new Refusal(404, 'NotFound', `${target.plural} "${target.name}" not found`);
  }
}

/** Names a collection in history and maps. */
export function collectionId({ group, version, plural }: Collection): string {
  return `${group}/${version}/${plural}`;
}

function objectId({ namespace = '', name = '' }: ObjectMeta): string {
  return `${namespace}/${name}`;
}

function ownerId({ manager, operation }: Writer): string {
  return `${manager}/${operation}`;
}

function managedFieldsOf(collection: Collection, owners: Owners): unknown[] {
  return managedFields(owners, apiVersionOf(collection));
}

/** Checks the locks in `proposed` and puts back what only the server or another subresource may change. */
function settle(target: ApiTarget, live: DynamicObject, proposed: DynamicObject): DynamicObject {
  const { resourceVersion, uid, generation = 1 } = live.metadata;
  if ((proposed.metadata.resourceVersion ?? resourceVersion) !== resourceVersion) {
    const what = `${target.plural} "${target.name}"`;
    throw new Refusal(409, 'Conflict', `${what}: the object has been modified`);
  }
  // As kube-apiserver, which looks at the UID in the main resource only.
  const onlyStatus = target.subresource === 'status';
  if (!onlyStatus && (proposed.metadata.uid ?? uid) !== uid) {
    throw new Refusal(409, 'Conflict', `Precondition failed: UID in precondition: ${uid}`);
  }
  const { status, ...body } = (onlyStatus ? live : proposed) as DynamicObject & {
    status?: unknown;
  };
  const settledStatus = onlyStatus ? proposed.status : live.status;
  const grown = isDeepStrictEqual(specOf(live), specOf(body as DynamicObject)) ? 0 : 1;
  return {
    ...body,
    ...(settledStatus !== undefined && { status: settledStatus }),
    metadata: { ...body.metadata, ...serverSet(live.metadata), generation: generation + grown },
  } as DynamicObject;
}

function serverSet(metadata: ObjectMeta): ObjectMeta {
  const names = [
    'name',
    'namespace',
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'resourceVersion',
  ] as const;
  return Object.fromEntries(
    names.filter(name => metadata[name] !== undefined).map(name => [name, metadata[name]]),
  );
}

function specOf(object: DynamicObject): unknown {
  const { metadata: _, status: __, ...rest } = object;
  return rest;
}

function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}
