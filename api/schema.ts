import { type Static, type TSchema, type TSchemaOptions, Type } from 'typebox';

/** The TypeScript type of the values a schema accepts, read-only all the way down. */
export type TypeOf<Schema extends TSchema> = DeepReadonly<Static<Schema>>;

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

/** A 32-bit integer. */
export function int32(options: TSchemaOptions = {}) {
  return Type.Integer({ format: 'int32', ...options });
}

/** A 64-bit integer; values beyond 2^53 lose precision in JSON and are not used. */
export function int64(options: TSchemaOptions = {}) {
  return Type.Integer({ format: 'int64', ...options });
}

/** Binary data: base64 in JSON. */
export function bytes(options: TSchemaOptions = {}) {
  return Type.String({ format: 'byte', ...options });
}

/** An RFC 3339 point in time. */
export function dateTime(options: TSchemaOptions = {}) {
  return Type.String({ format: 'date-time', ...options });
}

/** One of a closed list of words. (TypeBox's own enum carries no `type`, which a structural schema needs.) */
export function oneOf<const Words extends readonly string[]>(
  words: Words,
  options: TSchemaOptions = {},
) {
  return Type.Unsafe<Words[number]>({ type: 'string', enum: words, ...options });
}

/** A map with free keys. (TypeBox's own record is a `patternProperties`, which CRDs refuse.) */
export function mapOf<Value extends TSchema>(value: Value, options: TSchemaOptions = {}) {
  return Type.Unsafe<Record<string, Static<Value>>>({
    type: 'object',
    additionalProperties: value,
    ...options,
  });
}

/** Any JSON object; the API server keeps what it does not know. */
export function anyObject(options: TSchemaOptions = {}) {
  return Type.Unsafe<Record<string, unknown>>({
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': true,
    ...options,
  });
}

/** A Kubernetes quantity such as `1500m` or `2Gi`, which JSON may also spell as a number. */
export function quantity(options: TSchemaOptions = {}) {
  return Type.Unsafe<string | number>({
    anyOf: [{ type: 'integer' }, { type: 'string' }],
    pattern: '^[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$',
    'x-kubernetes-int-or-string': true,
    ...options,
  });
}

/** A list whose items are told apart by `keys`, so that several writers can share it. */
export function listMap<Item extends TSchema>(
  item: Item,
  keys: readonly string[],
  options: TSchemaOptions = {},
) {
  return Type.Array(item, {
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': keys,
    ...options,
  });
}

/** CEL rules the API server checks, each with the sentence a user reads when it fails. */
export function rules(...all: readonly (readonly [rule: string, message: string])[]) {
  return {
    'x-kubernetes-validations': all.map(([rule, message]) => ({ rule, message })),
  };
}
