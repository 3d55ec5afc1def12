import { Type } from 'typebox';
import { conditionList } from '../conditions.ts';
import { ageColumn, type CustomKind } from '../custom-kind.ts';
import type { KubeObject } from '../kube-object.ts';
import { labelSelector } from '../label-selector.ts';
import type { Resource } from '../resource.ts';
import { int32, mapOf, oneOf, rules, type TypeOf } from '../schema.ts';
import { tolerationSchema } from '../taint.ts';

const agent = Type.Object(
  {
    image: Type.Optional(
      Type.String({ description: "Image of the agent; empty is discovery's own image." }),
    ),
    replicas: Type.Optional(int32({ description: 'Agents per cluster.', minimum: 0, default: 1 })),
    deployerRole: Type.Optional(
      Type.String({
        description:
          'What delivered objects may do: ClusterAdmin, Workloads, or the name of a ClusterRole in the child.',
        minLength: 1,
        maxLength: 253,
        default: 'ClusterAdmin',
      }),
    ),
    tolerations: Type.Optional(
      Type.Array(tolerationSchema, { description: 'Taints of nodes that do not matter.' }),
    ),
    nodeSelector: Type.Optional(
      mapOf(Type.String(), { description: 'Labels a node must have to run the agent.' }),
    ),
    imagePullSecrets: Type.Optional(
      Type.Array(Type.Object({ name: Type.String({ description: 'Name of the Secret.' }) }), {
        description: 'Secrets in the child that the image is pulled with.',
      }),
    ),
    extraArgs: Type.Optional(
      Type.Array(Type.String(), { description: 'More flags for the agent.' }),
    ),
  },
  { description: 'The agent that is put into the clusters.', default: {} },
);

const propagation = Type.Object(
  {
    key: Type.Optional(Type.String({ description: 'Copy the label with this key.', minLength: 1 })),
    prefix: Type.Optional(
      Type.String({ description: 'Copy all labels whose key starts so.', minLength: 1 }),
    ),
    rename: Type.Optional(
      Type.String({ description: 'The key, or the start of the key, on the ManagedCluster.' }),
    ),
  },
  {
    description: 'Labels of the Cluster that its ManagedCluster gets too.',
    ...rules(['has(self.key) != has(self.prefix)', 'set exactly one of key and prefix']),
  },
);

const spec = Type.Object(
  {
    hubRef: Type.Optional(
      Type.Object(
        { name: Type.Optional(Type.String({ description: 'Its name.', default: 'default' })) },
        { description: 'The HubConnection to join by.', default: {} },
      ),
    ),
    mode: Type.Optional(
      oneOf(['All', 'OptIn'], {
        description:
          'All: every Cluster not labelled clusternet.io/discover=false. OptIn: only those labelled clusternet.io/discover=true.',
        default: 'All',
      }),
    ),
    namespaceSelector: Type.Optional(labelSelector('Namespaces of Clusters; absent is all.')),
    clusterSelector: Type.Optional(labelSelector('Clusters by label; absent is all.')),
    priority: Type.Optional(
      int32({ description: 'The highest of several matching policies wins.', default: 0 }),
    ),
    agent: Type.Optional(agent),
    propagation: Type.Optional(
      Type.Array(propagation, { description: 'Labels to copy.', maxItems: 64 }),
    ),
    onUnselect: Type.Optional(
      oneOf(['Detach', 'Retain'], {
        description: 'What happens to a joined cluster that is no longer selected.',
        default: 'Detach',
      }),
    ),
    gracePeriod: Type.Optional(
      Type.String({
        description: 'How long a cluster must stay unselected before that, such as 5m or 1h30m.',
        pattern: '^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$',
        default: '5m',
      }),
    ),
  },
  { description: 'Which Clusters join, and how.', default: {} },
);

const status = Type.Object(
  { conditions: Type.Optional(conditionList()) },
  { description: 'Whether the policy works.' },
);

export const clusterDiscoveryPolicySchema = Type.Object({ spec, status: Type.Optional(status) });

export type AgentTemplate = TypeOf<typeof agent>;
export type LabelPropagation = TypeOf<typeof propagation>;
export type ClusterDiscoveryPolicySpec = TypeOf<typeof spec>;
export type ClusterDiscoveryPolicyStatus = TypeOf<typeof status>;

/** Which Cluster API Clusters become children, and what their agents look like. */
export interface ClusterDiscoveryPolicy extends KubeObject {
  readonly spec: ClusterDiscoveryPolicySpec;
  readonly status?: ClusterDiscoveryPolicyStatus;
}

export const clusterDiscoveryPolicies: Resource<ClusterDiscoveryPolicy> = {
  group: 'discovery.clusternet.io',
  version: 'v1alpha1',
  plural: 'clusterdiscoverypolicies',
  kind: 'ClusterDiscoveryPolicy',
  namespaced: false,
};

export const clusterDiscoveryPolicyKind: CustomKind = {
  resource: clusterDiscoveryPolicies,
  description: 'Which Cluster API Clusters become children, and what their agents look like.',
  shortNames: ['cdp'],
  schema: clusterDiscoveryPolicySchema,
  statusSubresource: true,
  columns: [
    { name: 'MODE', jsonPath: '.spec.mode', description: 'All or OptIn' },
    { name: 'PRIORITY', jsonPath: '.spec.priority', type: 'integer' },
    ageColumn,
  ],
  // clusterctl move copies policies to the new management cluster.
  labels: { 'clusterctl.cluster.x-k8s.io/move': '' },
};
