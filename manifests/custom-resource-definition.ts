import type { CustomKind, PrinterColumn } from '../api/custom-kind.ts';
import type { KubeObject } from '../api/kube-object.ts';

/** A JSON schema in the narrow form ("structural") that CustomResourceDefinitions take. */
export interface StructuralSchema {
  readonly type?: string;
  readonly format?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly items?: StructuralSchema;
  readonly additionalProperties?: StructuralSchema;
  readonly [keyword: string]: unknown;
}

/** apiextensions.k8s.io/v1 CustomResourceDefinition, as far as we write it. */
export interface CustomResourceDefinition extends KubeObject {
  readonly spec: {
    readonly group: string;
    readonly names: Readonly<Record<string, string | readonly string[]>>;
    readonly scope: 'Cluster' | 'Namespaced';
    readonly versions: readonly {
      readonly name: string;
      readonly served: true;
      readonly storage: true;
      readonly subresources?: { readonly status: Record<string, never> };
      readonly additionalPrinterColumns?: readonly PrinterColumn[];
      readonly schema: { readonly openAPIV3Schema: StructuralSchema };
    }[];
  };
}

/** The CustomResourceDefinition of one of our kinds. Throws when its schema is not structural. */
export function customResourceDefinition(kind: CustomKind): CustomResourceDefinition {
  const { group, version, plural, kind: name, namespaced } = kind.resource;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}`, ...(kind.labels && { labels: kind.labels }) },
    spec: {
      group,
      names: {
        kind: name,
        listKind: `${name}List`,
        plural,
        singular: name.toLowerCase(),
        ...(kind.shortNames.length > 0 && { shortNames: kind.shortNames }),
        categories: ['clusternet'],
      },
      scope: namespaced ? 'Namespaced' : 'Cluster',
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          ...(kind.statusSubresource && { subresources: { status: {} } }),
          ...(kind.columns.length > 0 && { additionalPrinterColumns: kind.columns.map(column) }),
          schema: { openAPIV3Schema: objectSchema(kind) },
        },
      ],
    },
  };
}

function column({ name, type = 'string', ...rest }: PrinterColumn): PrinterColumn {
  return { name, type, ...rest };
}

function objectSchema(kind: CustomKind): StructuralSchema {
  // The copy drops what TypeBox keeps for itself.
  const own = JSON.parse(JSON.stringify(kind.schema)) as StructuralSchema;
  const schema = {
    description: kind.description,
    type: 'object',
    ...(own.required && { required: own.required }),
    properties: {
      apiVersion: { type: 'string', description: 'The version of the API.' },
      kind: { type: 'string', description: 'The kind of the object.' },
      metadata: { type: 'object' },
      ...own.properties,
    },
  };
  const problems = structuralProblems(schema, kind.resource.kind);
  if (problems.length > 0) throw new TypeError(problems.join('\n'));
  return schema;
}

const refused = ['$ref', 'const', 'patternProperties', 'oneOf', 'allOf', 'not'];

/** What keeps a schema from being structural, one sentence each with the path of the field. */
export function structuralProblems(schema: StructuralSchema, path: string): string[] {
  const intOrString = schema['x-kubernetes-int-or-string'] === true;
  return [
    ...refused.filter(keyword => keyword in schema).map(keyword => `${path}: has ${keyword}`),
    ...('anyOf' in schema && !intOrString ? [`${path}: has anyOf`] : []),
    ...(typeof schema.additionalProperties === 'boolean'
      ? [`${path}: additionalProperties is not a schema`]
      : []),
    ...(schema.type === undefined && !intOrString ? [`${path}: has no type`] : []),
    ...(schema.type === 'integer' && schema.format === undefined
      ? [`${path}: is an integer without format`]
      : []),
    ...children(schema).flatMap(([name, child]) => structuralProblems(child, `${path}${name}`)),
  ];
}

function children(schema: StructuralSchema): readonly (readonly [string, StructuralSchema])[] {
  return [
    ...Object.entries(schema.properties ?? {}).map(([name, child]) => [`.${name}`, child] as const),
    ...(schema.items ? [['[]', schema.items] as const] : []),
    ...(typeof schema.additionalProperties === 'object'
      ? [['{}', schema.additionalProperties] as const]
      : []),
  ];
}
