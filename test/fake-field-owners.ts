import { isDeepStrictEqual } from 'node:util';
import type { DynamicObject } from '../api/kube-object.ts';

/** Fields by path; an array, an empty object and a scalar are each one field. Conditions are told apart by their type. */
export type Fields = ReadonlyMap<string, unknown>;

/** Which fields each writer owns, by `<manager>/<Apply or Update>`. */
export type Owners = ReadonlyMap<string, Fields>;

/** Another manager owns fields with other values. */
export interface ApplyConflict {
  readonly manager: string;
  readonly fields: readonly string[];
}

const identity =
  /^\/(apiVersion|kind|metadata\/(name|namespace|uid|resourceVersion|generation|creationTimestamp|deletionTimestamp|managedFields.*))$/;

/** The fields of an object, without those that only say which object is meant. */
export function fieldsOf(object: unknown): Fields {
  const fields = new Map<string, unknown>();
  collect(byType(object), '', fields);
  for (const path of fields.keys()) if (identity.test(path)) fields.delete(path);
  return fields;
}

/** Who stands in the way of applying `desired`: an owner of a field that has another value. */
export function findConflict(
  live: DynamicObject,
  desired: Fields,
  owner: string,
  owners: Owners,
): ApplyConflict | undefined {
  for (const [other, owned] of owners) {
    if (other === owner) continue;
    const fields = [...desired]
      .filter(([path, value]) => owned.has(path) && !isDeepStrictEqual(at(live, path), value))
      .map(([path]) => path);
    if (fields.length > 0) return { manager: other.slice(0, other.lastIndexOf('/')), fields };
  }
  return undefined;
}

/** `live` with `desired` in it, and without what this owner applied before and no longer wants. */
export function applyFields(
  live: DynamicObject,
  desired: Fields,
  owner: string,
  owners: Owners,
): DynamicObject {
  const result = structuredClone(byType(live)) as Record<string, unknown>;
  for (const path of owners.get(owner)?.keys() ?? []) {
    const shared = [...owners].some(([other, owned]) => other !== owner && owned.has(path));
    if (!desired.has(path) && !shared) removeAt(result, path);
  }
  for (const [path, value] of desired) setAt(result, path, value);
  return inList(result) as DynamicObject;
}

/** Ownership after an apply: `owner` has exactly `desired`, and nobody else a field it changed. */
export function ownersAfterApply(
  live: DynamicObject,
  desired: Fields,
  owner: string,
  owners: Owners,
): Owners {
  const changed = [...desired].filter(([path, value]) => !isDeepStrictEqual(at(live, path), value));
  return new Map(takeFrom(owners, changed)).set(owner, desired);
}

/** Ownership after an ordinary write: whoever changes a field owns it from then on. */
export function ownersAfterUpdate(
  live: DynamicObject,
  next: DynamicObject,
  owner: string,
  owners: Owners,
): Owners {
  const after = fieldsOf(next);
  const changed = [...after].filter(([path, value]) => !isDeepStrictEqual(at(live, path), value));
  const gone = [...fieldsOf(live)].filter(([path]) => !after.has(path));
  if (changed.length === 0 && gone.length === 0) return owners;
  const rest = takeFrom(owners, [...changed, ...gone]);
  const mine = new Map([...(rest.get(owner) ?? []), ...changed]);
  return new Map(rest).set(owner, mine);
}

/** The owners in the form of metadata.managedFields. */
export function managedFields(owners: Owners, apiVersion: string): unknown[] {
  return [...owners].map(([owner, fields]) => {
    const slash = owner.lastIndexOf('/');
    const fieldsV1 = {};
    for (const path of fields.keys()) {
      setAt(fieldsV1, path.replaceAll('/', '/f:'), {});
    }
    return {
      manager: owner.slice(0, slash),
      operation: owner.slice(slash + 1),
      apiVersion,
      fieldsType: 'FieldsV1',
      fieldsV1,
    };
  });
}

function takeFrom(owners: Owners, taken: readonly (readonly [string, unknown])[]): Owners {
  const paths = new Set(taken.map(([path]) => path));
  const rest = new Map<string, Fields>();
  for (const [owner, fields] of owners) {
    const kept = new Map([...fields].filter(([path]) => !paths.has(path)));
    if (kept.size > 0) rest.set(owner, kept);
  }
  return rest;
}

function collect(value: unknown, path: string, fields: Map<string, unknown>): void {
  if (!isMap(value) || (Object.keys(value).length === 0 && path !== '')) {
    fields.set(path, value);
    return;
  }
  for (const [name, inner] of Object.entries(value)) {
    collect(inner, `${path}/${escapePart(name)}`, fields);
  }
}

function setAt(target: Record<string, unknown>, path: string, value: unknown): void {
  const parts = partsOf(path);
  const last = parts.pop();
  if (last === undefined) return;
  let inside = target;
  for (const part of parts) {
    const next = inside[part];
    const map = isMap(next) ? next : {};
    inside[part] = map;
    inside = map;
  }
  // An empty map asks for the map to exist, not for what others put in it to go.
  const both = isMap(value) && isMap(inside[last]);
  if (!both) inside[last] = structuredClone(value);
}

function removeAt(target: Record<string, unknown>, path: string): void {
  const parts = partsOf(path);
  const last = parts.pop();
  const inside = walk(target, parts);
  if (last !== undefined && isMap(inside)) delete inside[last];
}

function at(value: unknown, path: string): unknown {
  return walk(byType(value), partsOf(path));
}

/** An object with `status.conditions`, which is a list keyed by type, as a map of that key. */
function byType(object: unknown): unknown {
  const list = walk(object, ['status', 'conditions']);
  if (!Array.isArray(list)) return object;
  const entries = list.map(each => [String(each.type), each]);
  return withConditions(object, Object.fromEntries(entries));
}

/** The reverse of {@link byType}; an entry that lost its key is gone. */
function inList(object: unknown): unknown {
  const map = walk(object, ['status', 'conditions']);
  if (!isMap(map)) return object;
  const entries = Object.values(map).filter(each => isMap(each) && each.type !== undefined);
  return withConditions(object, entries);
}

function withConditions(object: unknown, conditions: unknown): unknown {
  const { status, ...rest } = object as Record<string, unknown>;
  return { ...rest, status: { ...(status as object), conditions } };
}

function walk(value: unknown, parts: readonly string[]): unknown {
  return parts.reduce<unknown>((inside, part) => (isMap(inside) ? inside[part] : undefined), value);
}

function partsOf(path: string): string[] {
  return path
    .split('/')
    .slice(1)
    .map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function escapePart(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1');
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
