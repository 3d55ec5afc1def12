import { Type } from 'typebox';
import { conditionList } from '../conditions.ts';
import { ageColumn, type CustomKind } from '../custom-kind.ts';
import type { KubeObject } from '../kube-object.ts';
import type { Resource } from '../resource.ts';
import { dateTime, oneOf, type TypeOf } from '../schema.ts';

const spec = Type.Object(
  {
    clusterRef: Type.Optional(
      Type.Object(
        {
          apiVersion: Type.String({ description: 'API version of the Cluster.' }),
          kind: Type.String({ description: 'Kind of the Cluster.' }),
          name: Type.String({ description: 'Name of the Cluster, in the same namespace.' }),
          uid: Type.Optional(Type.String({ description: 'UID of the Cluster.' })),
        },
        { description: 'The Cluster API Cluster; absent for the parent itself.' },
      ),
    ),
    policyRef: Type.Optional(
      Type.Object(
        { name: Type.String({ description: 'Its name.' }) },
        { description: 'The ClusterDiscoveryPolicy that selected the Cluster.' },
      ),
    ),
    clusterID: Type.Optional(Type.String({ description: 'The UUID of the child cluster.' })),
    detached: Type.Optional(
      Type.Boolean({ description: 'Keep the Cluster out until this is unset.' }),
    ),
    takeover: Type.Optional(
      oneOf(['Adopt', 'Force'], {
        description:
          'What to do with an agent that is already there: Adopt manages one of this parent, Force replaces even one of another parent.',
      }),
    ),
  },
  { description: 'Which cluster, and what was decided about it.', default: {} },
);

const status = Type.Object(
  {
    phase: Type.Optional(
      oneOf(
        [
          'Ignored',
          'Waiting',
          'Preparing',
          'Bootstrapping',
          'Joining',
          'Joined',
          'Degraded',
          'Paused',
          'Detaching',
          'Draining',
          'Leaving',
        ],
        { description: 'How far the cluster is, for people; programs read conditions.' },
      ),
    ),
    managedClusterRef: Type.Optional(
      Type.Object(
        {
          namespace: Type.String({ description: 'Its namespace.' }),
          name: Type.String({ description: 'Its name.' }),
        },
        { description: 'The ManagedCluster in the parent.' },
      ),
    ),
    agentVersion: Type.Optional(Type.String({ description: 'Version of the agent that runs.' })),
    bootstrapExpiration: Type.Optional(
      dateTime({ description: 'When the present bootstrap token ends.' }),
    ),
    conditions: Type.Optional(conditionList()),
  },
  { description: 'How far the cluster is.' },
);

export const discoveredClusterSchema = Type.Object({ spec, status: Type.Optional(status) });

export type DiscoveredClusterSpec = TypeOf<typeof spec>;
export type DiscoveredClusterStatus = TypeOf<typeof status>;
export type DiscoveredClusterPhase = NonNullable<DiscoveredClusterStatus['phase']>;

/** What discovery knows about one Cluster API Cluster; has the Cluster's namespace and name. */
export interface DiscoveredCluster extends KubeObject {
  readonly spec: DiscoveredClusterSpec;
  readonly status?: DiscoveredClusterStatus;
}

export const discoveredClusters: Resource<DiscoveredCluster> = {
  group: 'discovery.clusternet.io',
  version: 'v1alpha1',
  plural: 'discoveredclusters',
  kind: 'DiscoveredCluster',
  namespaced: true,
};

export const discoveredClusterKind: CustomKind = {
  resource: discoveredClusters,
  description: 'What discovery knows about one Cluster API Cluster.',
  shortNames: ['dcl'],
  schema: discoveredClusterSchema,
  statusSubresource: true,
  columns: [
    { name: 'PHASE', jsonPath: '.status.phase', description: 'How far the cluster is' },
    {
      name: 'REASON',
      jsonPath: ".status.conditions[?(@.type=='Ready')].reason",
      description: 'Why it is or is not ready',
    },
    { name: 'CLUSTER-ID', jsonPath: '.spec.clusterID', description: 'The UUID of the cluster' },
    ageColumn,
  ],
};
