/** What a JSON pointer without escapes leads to; undefined where nothing is, or nothing but null. */
export function valueAt(document: unknown, pointer: string): unknown {
  const tokens = pointer.split('/').slice(1);
  return tokens.reduce<unknown>(
    (node, name) =>
      typeof node === 'object' && node !== null && Object.hasOwn(node, name)
        ? ((node as Readonly<Record<string, unknown>>)[name] ?? undefined)
        : undefined,
    document,
  );
}
