import { Type } from 'typebox';
import { conditionList } from '../conditions.ts';
import { resourceList } from '../core/resource-requirements.ts';
import { ageColumn, type CustomKind } from '../custom-kind.ts';
import type { KubeObject } from '../kube-object.ts';
import type { Resource } from '../resource.ts';
import {
  dateTime,
  int32,
  int64,
  listMap,
  mapOf,
  oneOf,
  quantity,
  rules,
  type TypeOf,
} from '../schema.ts';
import { taintSchema } from '../taint.ts';
import { clusterId } from './cluster-id.ts';

const spec = Type.Object(
  {
    clusterId: clusterId(),
    clusterType: Type.Optional(
      Type.String({ description: 'StandardCluster, EdgeCluster or a word of your own.' }),
    ),
    clusterInitBaseName: Type.Optional(
      Type.String({
        description: 'The Base that must be deployed before the cluster counts as initialized.',
        maxLength: 512,
        ...rules(['self == oldSelf', 'clusterInitBaseName is immutable']),
      }),
    ),
    syncMode: oneOf(['Push', 'Pull', 'Dual'], {
      description: 'Who applies what the cluster is given: the parent, the agent, or both.',
    }),
    taints: Type.Optional(
      listMap(taintSchema, ['key', 'effect'], {
        description: 'Keep Subscriptions away that do not tolerate them.',
      }),
    ),
  },
  {
    description: 'What the cluster is.',
    ...rules([
      '!has(oldSelf.clusterInitBaseName) || has(self.clusterInitBaseName)',
      'clusterInitBaseName is required once set',
    ]),
  },
);

const counts = {
  nodes: Type.Object(
    {
      readyNodes: Type.Optional(int32({ description: 'Nodes whose Ready is True.' })),
      notReadyNodes: Type.Optional(int32({ description: 'Nodes whose Ready is False.' })),
      unknownNodes: Type.Optional(int32({ description: 'Nodes whose Ready is Unknown.' })),
      lostNodes: Type.Optional(int32({ description: 'Nodes without a Ready condition.' })),
    },
    { description: 'Nodes by readiness.' },
  ),
  pods: Type.Object(
    {
      runningPods: Type.Optional(int32({ description: 'Pods that run.' })),
      totalPods: Type.Optional(int32({ description: 'All pods.' })),
    },
    { description: 'Pods, as the metrics server counts them.' },
  ),
  usage: Type.Object(
    {
      cpuUsage: Type.Optional(quantity({ description: 'CPU in use.' })),
      memoryUsage: Type.Optional(quantity({ description: 'Memory in use.' })),
    },
    { description: 'What the nodes use, as the metrics server measures it.' },
  ),
};

const status = Type.Object(
  {
    lastObservedTime: Type.Optional(
      dateTime({ description: 'When the agent last reported a change.' }),
    ),
    k8sVersion: Type.Optional(Type.String({ description: 'Kubernetes version of the cluster.' })),
    agentVersion: Type.Optional(Type.String({ description: 'Version of its agent.' })),
    platform: Type.Optional(Type.String({ description: 'Platform its API server runs on.' })),
    apiserverURL: Type.Optional(
      Type.String({ description: 'Its API server as the agent reaches it.' }),
    ),
    healthz: Type.Optional(Type.Boolean({ description: 'Whether /healthz answers 200.' })),
    livez: Type.Optional(Type.Boolean({ description: 'Whether /livez answers 200.' })),
    readyz: Type.Optional(Type.Boolean({ description: 'Whether /readyz answers 200.' })),
    appPusher: Type.Optional(
      Type.Boolean({ description: 'Whether the parent may apply by itself.' }),
    ),
    useSocket: Type.Optional(
      Type.Boolean({ description: 'Whether the cluster is reached through a tunnel.' }),
    ),
    kubeQPS: Type.Optional(
      Type.Number({ format: 'float', description: 'Requests per second the parent may send.' }),
    ),
    kubeBurst: Type.Optional(int32({ description: 'Requests the parent may send at once.' })),
    allocatable: Type.Optional(resourceList('Sum of what the nodes can give to pods.')),
    capacity: Type.Optional(resourceList('Sum of what the nodes have.')),
    clusterCIDR: Type.Optional(Type.String({ description: 'Addresses of pods.' })),
    serviceCIDR: Type.Optional(Type.String({ description: 'Addresses of Services.' })),
    nodeStatistics: Type.Optional(counts.nodes),
    podStatistics: Type.Optional(counts.pods),
    resourceUsage: Type.Optional(counts.usage),
    nodeLabels: Type.Optional(
      mapOf(Type.String(), {
        description: 'Labels that enough worker nodes share; absent until first reported.',
      }),
    ),
    conditions: Type.Optional(conditionList()),
    heartbeatFrequencySeconds: Type.Optional(
      int64({ description: 'How often an agent of upstream reports.' }),
    ),
    predictorEnabled: Type.Optional(
      Type.Boolean({ description: 'Whether the cluster predicts how many replicas fit.' }),
    ),
    predictorAddress: Type.Optional(Type.String({ description: 'URL of its predictor.' })),
    predictorDirectAccess: Type.Optional(
      Type.Boolean({ description: 'Whether the predictor is reached without the tunnel.' }),
    ),
  },
  { description: 'What the agent reported and what the parent concluded.' },
);

export const managedClusterSchema = Type.Object({ spec, status: Type.Optional(status) });

export type ManagedClusterSpec = TypeOf<typeof spec>;
export type ManagedClusterStatus = TypeOf<typeof status>;

/** A child cluster; lives in the namespace dedicated to it. */
export interface ManagedCluster extends KubeObject {
  readonly spec: ManagedClusterSpec;
  readonly status?: ManagedClusterStatus;
}

export const managedClusters: Resource<ManagedCluster> = {
  group: 'clusters.clusternet.io',
  version: 'v1beta1',
  plural: 'managedclusters',
  kind: 'ManagedCluster',
  namespaced: true,
};

export const managedClusterKind: CustomKind = {
  resource: managedClusters,
  description: 'A child cluster.',
  shortNames: ['mcls'],
  schema: managedClusterSchema,
  statusSubresource: true,
  columns: [
    { name: 'CLUSTER ID', jsonPath: '.spec.clusterId', description: 'The UUID of the cluster' },
    {
      name: 'CLUSTER TYPE',
      jsonPath: '.spec.clusterType',
      description: 'The type of the cluster',
      priority: 100,
    },
    { name: 'SYNC MODE', jsonPath: '.spec.syncMode', description: 'Who applies' },
    { name: 'KUBERNETES', jsonPath: '.status.k8sVersion' },
    { name: 'STATUS', jsonPath: ".status.conditions[?(@.type=='Ready')].status" },
    ageColumn,
    { name: 'AGENT VERSION', jsonPath: '.status.agentVersion', priority: 100 },
  ],
};
