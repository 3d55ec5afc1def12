import { Type } from 'typebox';
import { conditionList } from '../conditions.ts';
import { ageColumn, type CustomKind } from '../custom-kind.ts';
import type { KubeObject } from '../kube-object.ts';
import type { Resource } from '../resource.ts';
import { bytes, type TypeOf } from '../schema.ts';

const url = (description: string) =>
  Type.Optional(Type.String({ description, maxLength: 2048, pattern: '^(https?://[^ ]+)?$' }));

const spec = Type.Object(
  {
    server: url('The API server of the parent; empty asks kube-public/cluster-info.'),
    caBundle: Type.Optional(
      bytes({ description: 'CA certificates (PEM, base64) that the parent is verified with.' }),
    ),
    childServer: url('The API server of the parent as children reach it; empty is server.'),
    childCABundle: Type.Optional(
      bytes({ description: 'CA certificates for childServer; empty is caBundle.' }),
    ),
    childProxyURL: url('The proxy children reach the parent through.'),
    joinSelf: Type.Optional(
      Type.Boolean({ description: 'Whether the parent is its own child too.', default: true }),
    ),
  },
  { description: 'How the parent is reached.', default: {} },
);

const status = Type.Object(
  {
    server: Type.Optional(Type.String({ description: 'The URL in use.' })),
    conditions: Type.Optional(conditionList()),
  },
  { description: 'Whether the parent is reached.' },
);

export const hubConnectionSchema = Type.Object({ spec, status: Type.Optional(status) });

export type HubConnectionSpec = TypeOf<typeof spec>;
export type HubConnectionStatus = TypeOf<typeof status>;

/** How discovery, and the children it joins, reach the parent. */
export interface HubConnection extends KubeObject {
  readonly spec: HubConnectionSpec;
  readonly status?: HubConnectionStatus;
}

export const hubConnections: Resource<HubConnection> = {
  group: 'discovery.clusternet.io',
  version: 'v1alpha1',
  plural: 'hubconnections',
  kind: 'HubConnection',
  namespaced: false,
};

export const hubConnectionKind: CustomKind = {
  resource: hubConnections,
  description: 'How discovery, and the children it joins, reach the parent.',
  shortNames: [],
  schema: hubConnectionSchema,
  statusSubresource: true,
  columns: [
    { name: 'SERVER', jsonPath: '.status.server', description: 'The URL in use' },
    {
      name: 'REACHABLE',
      jsonPath: ".status.conditions[?(@.type=='HubReachable')].status",
      description: 'Whether the parent answers',
    },
    ageColumn,
  ],
};
