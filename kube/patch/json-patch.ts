import { isDeepStrictEqual } from 'node:util';

/** One operation of a JSON patch (RFC 6902). */
export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string }
  | { readonly op: 'move' | 'copy'; readonly path: string; readonly from: string };

type Container = readonly unknown[] | Readonly<Record<string, unknown>>;

/** A patch that cannot be applied: says which operation, where, and why. Nothing of the patch has taken effect. */
export class JsonPatchError extends Error {
  override readonly name = 'JsonPatchError';
}

/** The document after all operations; the one given is not changed. Throws JsonPatchError. */
export function applyJsonPatch(
  document: unknown,
  operations: readonly JsonPatchOperation[],
): unknown {
  let patched = document;
  operations.forEach((operation, index) => {
    try {
      patched = applyOperation(patched, operation);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new JsonPatchError(`[${index}] ${operation.op} ${operation.path}: ${reason}`);
    }
  });
  return patched;
}

function applyOperation(document: unknown, operation: JsonPatchOperation): unknown {
  switch (operation.op) {
    case 'add':
      return add(document, tokensOf(operation.path), operation.value);
    case 'replace':
      return replace(document, tokensOf(operation.path), operation.value);
    case 'remove':
      return remove(document, tokensOf(operation.path));
    case 'test':
      return test(document, tokensOf(operation.path), operation.value);
    case 'copy':
      return add(document, tokensOf(operation.path), valueAt(document, tokensOf(operation.from)));
    case 'move':
      return move(document, operation.from, operation.path);
    default:
      throw new Error('op must be add, remove, replace, move, copy or test');
  }
}

function test(document: unknown, tokens: readonly string[], value: unknown): unknown {
  if (!isDeepStrictEqual(valueAt(document, tokens), value)) throw new Error('value differs');
  return document;
}

function move(document: unknown, from: string, path: string): unknown {
  if (path.startsWith(`${from}/`)) throw new Error(`${from} cannot move into itself`);
  const value = valueAt(document, tokensOf(from));
  return path === from ? document : add(remove(document, tokensOf(from)), tokensOf(path), value);
}

function add(document: unknown, tokens: readonly string[], value: unknown): unknown {
  return editParent(document, tokens, value, (parent, key) => {
    if (!isList(parent)) return { ...parent, [key]: value };
    return parent.toSpliced(key === '-' ? parent.length : indexOf(key, parent.length), 0, value);
  });
}

function replace(document: unknown, tokens: readonly string[], value: unknown): unknown {
  return editParent(document, tokens, value, (parent, key) => {
    childOf(parent, key);
    return withChild(parent, key, value);
  });
}

function remove(document: unknown, tokens: readonly string[]): unknown {
  return editParent(document, tokens, undefined, (parent, key) => {
    childOf(parent, key);
    if (isList(parent)) return parent.toSpliced(Number(key), 1);
    return Object.fromEntries(Object.entries(parent).filter(([name]) => name !== key));
  });
}

/** Copies the containers on the way to the last token's parent; with no token the document itself is `whole`. */
function editParent(
  node: unknown,
  tokens: readonly string[],
  whole: unknown,
  edit: (parent: Container, key: string) => Container,
): unknown {
  const [key, ...rest] = tokens;
  if (key === undefined) return whole;
  const parent = containerOf(node, key);
  if (rest.length === 0) return edit(parent, key);
  return withChild(parent, key, editParent(childOf(parent, key), rest, whole, edit));
}

function valueAt(document: unknown, tokens: readonly string[]): unknown {
  return tokens.reduce((node, key) => childOf(containerOf(node, key), key), document);
}

function containerOf(node: unknown, key: string): Container {
  if (typeof node === 'object' && node !== null) return node as Container;
  throw new Error(`"${key}" has no parent object or list`);
}

function childOf(parent: Container, key: string): unknown {
  if (isList(parent)) return parent[indexOf(key, parent.length - 1)];
  if (!Object.hasOwn(parent, key)) throw new Error(`"${key}" does not exist`);
  return parent[key];
}

function withChild(parent: Container, key: string, value: unknown): Container {
  return isList(parent) ? parent.with(Number(key), value) : { ...parent, [key]: value };
}

function isList(container: Container): container is readonly unknown[] {
  return Array.isArray(container);
}

function indexOf(key: string, max: number): number {
  if (!/^(0|[1-9]\d*)$/.test(key)) throw new Error(`"${key}" is not a list index`);
  if (Number(key) > max) throw new Error(`index ${key} is past the end`);
  return Number(key);
}

function tokensOf(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/'))
    throw new Error(`pointer "${pointer}" must be empty or begin with /`);
  return pointer
    .slice(1)
    .split('/')
    .map(token => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}
