import { Type } from 'typebox';
import { conditionList } from '../conditions.ts';
import { ageColumn, type CustomKind } from '../custom-kind.ts';
import type { KubeObject } from '../kube-object.ts';
import type { Resource } from '../resource.ts';
import { bytes, int32, rules, type TypeOf } from '../schema.ts';

/** As the scale subresource of CustomResourceDefinitions writes it: fields only, no lists. */
function fieldPath(description: string) {
  return Type.String({
    description: `${description} A JSONPath of fields, such as .spec.replicas.`,
    maxLength: 256,
    pattern: '^(\\.[A-Za-z_][A-Za-z0-9_-]*)+$',
  });
}

function expression(description: string) {
  return Type.String({ description, minLength: 1, maxLength: 4096 });
}

const replicas = Type.Object(
  {
    path: fieldPath('Where the replicas stand, and where each cluster is given its share.'),
    expression: Type.Optional(
      expression('CEL over `object`: how many there shall be. Default: what stands there, or 1.'),
    ),
  },
  { description: 'How many replicas an object has that can be divided.' },
);

const requirements = Type.Object(
  {
    podSpec: Type.Optional(fieldPath('Where the spec of a pod stands that is one replica.')),
    expression: Type.Optional(
      expression(
        'CEL over `object`: a map with nodeSelector, tolerations, affinity and resources.requests.',
      ),
    ),
  },
  {
    description: 'What one replica needs.',
    ...rules([
      'has(self.podSpec) != has(self.expression)',
      'exactly one of podSpec and expression must be set',
    ]),
  },
);

const webhook = Type.Object(
  {
    url: Type.String({
      description: 'Where the hub asks; redirects are not followed.',
      maxLength: 2048,
      pattern: '^https://[^/?#@\\s]+(/[^?#\\s]*)?$',
    }),
    caBundle: bytes({ description: 'PEM of the CAs to verify it by.', maxLength: 262_144 }),
    timeoutSeconds: Type.Optional(
      int32({ description: 'How long an answer may take.', minimum: 1, maximum: 10, default: 5 }),
    ),
  },
  { description: 'Asks an HTTPS server for replicas and requirements.' },
);

const spec = Type.Object(
  {
    target: Type.Object(
      {
        apiVersion: Type.String({ description: 'API version of the objects.', minLength: 1 }),
        kind: Type.String({ description: 'Kind of the objects.', minLength: 1 }),
      },
      { description: 'The kind of objects that is interpreted; one interpreter for each.' },
    ),
    base: Type.Optional(
      Type.String({
        description: 'ResourceInterpreter that holds for what this one does not say.',
      }),
    ),
    replicas: Type.Optional(replicas),
    requirements: Type.Optional(requirements),
    health: Type.Optional(
      expression('CEL over `status`, as a cluster reports it: whether the object does its work.'),
    ),
    status: Type.Optional(
      expression('CEL over `status`: a map with counters such as readyReplicas.'),
    ),
    webhook: Type.Optional(webhook),
  },
  {
    description: 'How objects of a kind are to be understood.',
    ...rules([
      '!has(self.webhook) || !(has(self.replicas) || has(self.requirements))',
      'replicas and requirements must be absent where a webhook is asked',
    ]),
  },
);

const status = Type.Object(
  { conditions: Type.Optional(conditionList()) },
  { description: 'Whether it is used.' },
);

export const resourceInterpreterSchema = Type.Object({ spec, status: Type.Optional(status) });

export type ResourceInterpreterSpec = TypeOf<typeof spec>;

/** Teaches the hub a kind: how many replicas its objects have, what one needs, and how they fare. */
export interface ResourceInterpreter extends KubeObject {
  readonly spec: ResourceInterpreterSpec;
  readonly status?: TypeOf<typeof status>;
}

export const resourceInterpreters: Resource<ResourceInterpreter> = {
  group: 'apps.clusternet.io',
  version: 'v1alpha1',
  plural: 'resourceinterpreters',
  kind: 'ResourceInterpreter',
  namespaced: false,
};

export const resourceInterpreterKind: CustomKind = {
  resource: resourceInterpreters,
  description: 'Teaches the hub a kind: its replicas, what one needs, and how objects fare.',
  shortNames: ['rint'],
  schema: resourceInterpreterSchema,
  statusSubresource: true,
  columns: [
    { name: 'API VERSION', jsonPath: '.spec.target.apiVersion' },
    { name: 'KIND', jsonPath: '.spec.target.kind' },
    { name: 'READY', jsonPath: ".status.conditions[?(@.type=='Ready')].status" },
    ageColumn,
  ],
};
