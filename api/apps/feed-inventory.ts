import { Type } from 'typebox';
import { affinitySchema } from '../core/affinity.ts';
import { resourceRequirementsSchema } from '../core/resource-requirements.ts';
import type { CustomKind } from '../custom-kind.ts';
import type { KubeObject } from '../kube-object.ts';
import type { Resource } from '../resource.ts';
import { int32, mapOf, type TypeOf } from '../schema.ts';
import { tolerationSchema } from '../taint.ts';
import { feedFields } from './feed.ts';

/** The most replicas a field can hold: an int32. */
export const maxReplicas = 2 ** 31 - 1;

/** What one replica needs; also the body a predictor is asked with. */
export const replicaRequirementsSchema = Type.Object(
  {
    nodeSelector: Type.Optional(
      mapOf(Type.String(), {
        description: 'Labels a node must have.',
        'x-kubernetes-map-type': 'atomic',
      }),
    ),
    tolerations: Type.Optional(
      Type.Array(tolerationSchema, { description: 'Taints of nodes that do not matter.' }),
    ),
    affinity: Type.Optional(affinitySchema),
    resources: Type.Optional(resourceRequirementsSchema),
  },
  { description: 'What one replica needs.' },
);

const feedOrder = Type.Object(
  {
    ...feedFields,
    desiredReplicas: Type.Optional(
      int32({ description: 'Replicas wanted; absent when the object has no replicas.' }),
    ),
    replicaRequirements: Type.Optional(replicaRequirementsSchema),
    replicaJsonPath: Type.Optional(
      Type.String({ description: 'JSON pointer to the field that holds the replicas.' }),
    ),
  },
  { description: 'What one feed needs.' },
);

const spec = Type.Object(
  { feeds: Type.Array(feedOrder, { description: 'The feeds of the Subscription.' }) },
  { description: 'What the feeds of a Subscription need.' },
);

export const feedInventorySchema = Type.Object({ spec });

export type ReplicaRequirements = TypeOf<typeof replicaRequirementsSchema>;
export type FeedInventorySpec = TypeOf<typeof spec>;

/** What the feeds of the Subscription of the same name need; the scheduler divides by it. */
export interface FeedInventory extends KubeObject {
  readonly spec: FeedInventorySpec;
}

export const feedInventories: Resource<FeedInventory> = {
  group: 'apps.clusternet.io',
  version: 'v1alpha1',
  plural: 'feedinventories',
  kind: 'FeedInventory',
  namespaced: true,
};

export const feedInventoryKind: CustomKind = {
  resource: feedInventories,
  description: 'What the feeds of the Subscription of the same name need.',
  shortNames: ['finv'],
  schema: feedInventorySchema,
  statusSubresource: false,
  columns: [],
};
