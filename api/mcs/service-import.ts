import { Type } from 'typebox';
import type { CustomKind } from '../custom-kind.ts';
import type { KubeObject } from '../kube-object.ts';
import type { Resource } from '../resource.ts';
import { int32, listMap, oneOf, type TypeOf } from '../schema.ts';

const port = Type.Object(
  {
    port: int32({ description: 'The port number.' }),
    name: Type.Optional(Type.String({ description: 'The name of the port.' })),
    protocol: Type.Optional(Type.String({ description: 'TCP (the default), UDP or SCTP.' })),
    appProtocol: Type.Optional(Type.String({ description: 'The protocol spoken on it.' })),
  },
  { description: 'One port of the Service.' },
);

const clientIP = Type.Object({
  timeoutSeconds: Type.Optional(int32({ description: 'How long a client stays where it is.' })),
});

const spec = Type.Object(
  {
    type: oneOf(['ClusterSetIP', 'Headless'], { description: 'With an address, or without.' }),
    ports: Type.Array(port, {
      description: 'The ports of the Service.',
      'x-kubernetes-list-type': 'atomic',
    }),
    ips: Type.Optional(
      Type.Array(Type.String(), { description: 'The address of the Service.', maxItems: 1 }),
    ),
    sessionAffinity: Type.Optional(Type.String({ description: 'None (the default) or ClientIP.' })),
    sessionAffinityConfig: Type.Optional(Type.Object({ clientIP: Type.Optional(clientIP) })),
  },
  { description: 'The Service as its users see it.' },
);

const status = Type.Object(
  {
    clusters: Type.Optional(
      listMap(
        Type.Object({ cluster: Type.String({ description: 'The name of the cluster.' }) }),
        ['cluster'],
        { description: 'The clusters that export it.' },
      ),
    ),
  },
  { description: 'Where the Service comes from.' },
);

export const serviceImportSchema = Type.Object({
  spec: Type.Optional(spec),
  status: Type.Optional(status),
});

export type ServiceImportSpec = TypeOf<typeof spec>;
export type ServiceImportStatus = TypeOf<typeof status>;

/** A Service of other clusters, usable in this one. */
export interface ServiceImport extends KubeObject {
  readonly spec?: ServiceImportSpec;
  readonly status?: ServiceImportStatus;
}

export const serviceImports: Resource<ServiceImport> = {
  group: 'multicluster.x-k8s.io',
  version: 'v1alpha1',
  plural: 'serviceimports',
  kind: 'ServiceImport',
  namespaced: true,
};

export const serviceImportKind: CustomKind = {
  resource: serviceImports,
  description: 'A Service of other clusters, usable in this one.',
  shortNames: ['svcim'],
  schema: serviceImportSchema,
  statusSubresource: true,
  columns: [
    { name: 'Type', jsonPath: '.spec.type', description: 'With an address, or without' },
    { name: 'IP', jsonPath: '.spec.ips', description: 'The address of the Service' },
    { name: 'Age', jsonPath: '.metadata.creationTimestamp', type: 'date' },
  ],
};
