import { Type } from 'typebox';
import { ageColumn, type CustomKind } from '../custom-kind.ts';
import type { KubeObject } from '../kube-object.ts';
import type { Resource } from '../resource.ts';
import { bytes, mapOf, oneOf, rules, type TypeOf } from '../schema.ts';
import { clusterId } from './cluster-id.ts';

const spec = Type.Object(
  {
    clusterId: clusterId(),
    clusterType: Type.Optional(
      Type.String({ description: 'StandardCluster, EdgeCluster or a word of your own.' }),
    ),
    clusterName: Type.Optional(
      Type.String({
        description: 'The name the ManagedCluster shall have.',
        maxLength: 63,
        pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
      }),
    ),
    clusterNamespace: Type.Optional(
      Type.String({
        description: 'The dedicated namespace the cluster asks for.',
        maxLength: 63,
        pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
      }),
    ),
    clusterLabels: Type.Optional(
      mapOf(Type.String(), { description: 'Labels for the ManagedCluster.' }),
    ),
    syncMode: Type.Optional(
      oneOf(['Push', 'Pull', 'Dual'], {
        description: 'Who applies what the cluster is given: the parent, the agent, or both.',
        default: 'Pull',
      }),
    ),
    publicKey: Type.Optional(
      Type.String({
        description:
          "The agent's P-256 public key (SPKI DER, base64); once set, only its owner can join as this cluster.",
        maxLength: 512,
        pattern: '^[A-Za-z0-9+/]+={0,2}$',
        ...rules(['self == oldSelf', 'publicKey is immutable once set']),
      }),
    ),
  },
  {
    description: 'What the child cluster asks for.',
    ...rules([
      '!has(oldSelf.publicKey) || has(self.publicKey)',
      'publicKey cannot be removed once set',
    ]),
  },
);

const status = Type.Object(
  {
    result: Type.Optional(Type.String({ description: 'Approved, Denied or Failed.' })),
    errorMessage: Type.Optional(Type.String({ description: 'Why it was not approved.' })),
    dedicatedNamespace: Type.Optional(
      Type.String({ description: 'The namespace that stands for the cluster in the parent.' }),
    ),
    managedClusterName: Type.Optional(
      Type.String({ description: 'The ManagedCluster in that namespace.' }),
    ),
    token: Type.Optional(
      bytes({ description: 'A token for the parent; filled for agents of upstream only.' }),
    ),
    caCertificate: Type.Optional(bytes({ description: "The CA of the parent's API server." })),
  },
  { description: 'What the parent answered.' },
);

export const clusterRegistrationRequestSchema = Type.Object({
  spec,
  status: Type.Optional(status),
});

export type ClusterRegistrationRequestSpec = TypeOf<typeof spec>;
export type ClusterRegistrationRequestStatus = TypeOf<typeof status>;

/** A cluster that asks to become a child. */
export interface ClusterRegistrationRequest extends KubeObject {
  readonly spec: ClusterRegistrationRequestSpec;
  readonly status?: ClusterRegistrationRequestStatus;
}

export const clusterRegistrationRequests: Resource<ClusterRegistrationRequest> = {
  group: 'clusters.clusternet.io',
  version: 'v1beta1',
  plural: 'clusterregistrationrequests',
  kind: 'ClusterRegistrationRequest',
  namespaced: false,
};

export const clusterRegistrationRequestKind: CustomKind = {
  resource: clusterRegistrationRequests,
  description: 'A cluster that asks to become a child of this one.',
  shortNames: ['clsrr'],
  schema: clusterRegistrationRequestSchema,
  statusSubresource: true,
  columns: [
    { name: 'CLUSTER ID', jsonPath: '.spec.clusterId', description: 'The UUID of the cluster' },
    { name: 'STATUS', jsonPath: '.status.result', description: 'The answer of the parent' },
    ageColumn,
  ],
};
