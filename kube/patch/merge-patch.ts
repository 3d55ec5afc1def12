import { isDeepStrictEqual } from 'node:util';

type JsonObject = Readonly<Record<string, unknown>>;

/** JSON merge patch (RFC 7396); changes neither argument. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, applyMergePatch(merged.get(name), value));
  }
  return Object.fromEntries(merged);
}

/**
 * The smallest merge patch from one object to another, undefined when they are equal. A merge patch cannot set a
 * member to null: where `to` holds one, the patch removes it.
 */
export function diffMergePatch(from: JsonObject, to: JsonObject): JsonObject | undefined {
  const before = new Map(Object.entries(from));
  const patch = new Map<string, unknown>();
  for (const name of before.keys()) {
    if (!Object.hasOwn(to, name)) patch.set(name, null);
  }
  for (const [name, value] of Object.entries(to)) {
    const change = before.has(name) ? changeBetween(before.get(name), value) : value;
    if (change !== undefined) patch.set(name, change);
  }
  return patch.size === 0 ? undefined : Object.fromEntries(patch);
}

function changeBetween(before: unknown, after: unknown): unknown {
  if (isObject(before) && isObject(after)) return diffMergePatch(before, after);
  return isDeepStrictEqual(before, after) ? undefined : after;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
