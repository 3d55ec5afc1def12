import type { StructuralSchema } from './custom-resource-definition.ts';

/** One leaf of a schema, on one line each so that two schemas can be compared and read. */
export interface SchemaField {
  /** Such as `spec!.feeds![].name!`: `!` marks a required field, `[]` the items of a list, `{}` those of a map. */
  readonly path: string;
  /** Such as `integer:int32`. */
  readonly type: string;
  readonly words: readonly string[];
  readonly default?: string;
}

/** The leaves of a schema, without apiVersion, kind and metadata. */
export function schemaFields(schema: StructuralSchema): readonly SchemaField[] {
  const { apiVersion, kind, metadata, ...properties } = schema.properties ?? {};
  return leaves({ ...schema, properties }, '');
}

function leaves(schema: StructuralSchema, path: string): readonly SchemaField[] {
  if (schema.items) return leaves(schema.items, `${path}[]`);
  if (schema.additionalProperties) return leaves(schema.additionalProperties, `${path}{}`);
  const properties = Object.entries(schema.properties ?? {});
  if (properties.length === 0) return [leaf(schema, path)];
  return properties.flatMap(([name, child]) =>
    leaves(
      child,
      `${path}${path === '' ? '' : '.'}${name}${schema.required?.includes(name) ? '!' : ''}`,
    ),
  );
}

function leaf(schema: StructuralSchema, path: string): SchemaField {
  return {
    path,
    type: typeName(schema),
    words: schema.enum ?? [],
    ...(schema.default !== undefined && { default: String(schema.default) }),
  };
}

function typeName(schema: StructuralSchema): string {
  if (schema['x-kubernetes-int-or-string'] === true) return 'quantity';
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return 'anything';
  return schema.format === undefined ? String(schema.type) : `${schema.type}:${schema.format}`;
}
