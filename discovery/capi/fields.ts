/** The value at a path of keys, or undefined as soon as one of them is missing: for foreign objects whose shape we do not own. */
export function valueAt(object: unknown, ...path: readonly string[]): unknown {
  let value = object;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** The non-empty string at a path. */
export function textAt(object: unknown, ...path: readonly string[]): string | undefined {
  const value = valueAt(object, ...path);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Whether the value at a path is exactly `true`. */
export function isTrueAt(object: unknown, ...path: readonly string[]): boolean {
  return valueAt(object, ...path) === true;
}

/** The elements of the list at a path; none when it is no list. */
export function listAt(object: unknown, ...path: readonly string[]): readonly unknown[] {
  const value = valueAt(object, ...path);
  return Array.isArray(value) ? value : [];
}

/** The map of strings at a path; entries that are not strings are left out. */
export function textsAt(object: unknown, ...path: readonly string[]): Record<string, string> {
  const value = valueAt(object, ...path);
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}
