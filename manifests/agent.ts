import type { DynamicObject } from '../api/kube-object.ts';
import type { Toleration } from '../api/taint.ts';
import {
  agentLease,
  clusterRoles,
  labels,
  secretKeys,
  secretNames,
  serviceAccounts,
} from '../api/well-known.ts';
import { componentDeployment, type Variable } from './component.ts';
import { grant, read } from './grant.ts';
import {
  clusterRole,
  clusterRoleBinding,
  type Identity,
  identityObjects,
  serviceAccountSubject,
} from './identity.ts';
import { namespaceObject } from './namespace.ts';

/** What an agent runs as and with, in a child or in the parent itself. */
export interface AgentOptions {
  readonly namespace: string;
  readonly image: string;
  readonly replicas: number | Variable;
  /** What delivered objects may do: `ClusterAdmin`, `Workloads`, or the name of a ClusterRole that is there. */
  readonly deployerRole: string;
  readonly tolerations?: readonly Toleration[];
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly imagePullSecrets?: readonly { readonly name: string }[];
  readonly extraArgs?: readonly string[];
}

/** How an agent joins. */
export interface JoinOptions {
  /** The parent's API server as the child reaches it. */
  readonly parentURL: string;
  /** CA certificates of the parent, PEM. */
  readonly caBundle: string;
  /** A token for one cluster and ten minutes. */
  readonly bootstrapToken: string;
}

/** The agent's own rights; what it delivers is applied by another ServiceAccount. */
export const agentIdentity: Identity = {
  name: serviceAccounts.agent,
  clusterRole: 'clusternet-system-agent',
  everywhere: [
    grant(read, '', 'nodes pods', 'reports capacity and node labels, predicts replicas'),
    grant('create patch', 'events.k8s.io', 'events', 'tells people what happened'),
    grant('create', 'authentication.k8s.io', 'tokenreviews', 'who asks its predictor directly'),
    grant(
      'create',
      'authorization.k8s.io',
      'subjectaccessreviews',
      'may the caller ask its predictor directly',
    ),
  ],
  atHome: [
    grant('create', '', 'serviceaccounts/token', 'applies as the deployer, not as itself', [
      serviceAccounts.appDeployer,
    ]),
    grant('create', 'coordination.k8s.io', 'leases', 'elects a leader; its UID is the cluster id'),
    grant(`${read} update patch`, 'coordination.k8s.io', 'leases', 'elects a leader', [agentLease]),
    grant('create', '', 'secrets', "keeps the parent's credential"),
    grant(`${read} update patch delete`, '', 'secrets', "keeps the parent's credential", [
      secretNames.parentCluster,
      secretNames.clusterRegistration,
    ]),
    grant(
      `${read} create update patch delete`,
      '',
      'configmaps',
      'the inventories of what was applied',
    ),
  ],
};

/** Nodes of a cluster that is only being made; the agent need not wait for them to be done. */
const unfinishedNodeTolerations: readonly Toleration[] = [
  { key: 'node.cluster.x-k8s.io/uninitialized', operator: 'Exists', effect: 'NoSchedule' },
  {
    key: 'node.cloudprovider.kubernetes.io/uninitialized',
    operator: 'Exists',
    effect: 'NoSchedule',
  },
];

const everyVerb = `${read} create update patch delete`;

/** What `Workloads` means; ClusterRoles with the label `clusternet.io/aggregate-to-app-deployer` add to it. */
export const workloadGrants = [
  grant(
    everyVerb,
    '',
    'namespaces configmaps secrets services serviceaccounts persistentvolumeclaims pods',
    'what an application is made of',
  ),
  grant(everyVerb, 'apps', 'deployments statefulsets daemonsets replicasets', 'workloads'),
  grant(everyVerb, 'batch', 'jobs cronjobs', 'workloads'),
  grant(everyVerb, 'autoscaling', 'horizontalpodautoscalers', 'how workloads grow'),
  grant(everyVerb, 'policy', 'poddisruptionbudgets', 'how workloads survive'),
  grant(everyVerb, 'networking.k8s.io', 'ingresses networkpolicies', 'how workloads are reached'),
];

/**
 * Everything an agent needs in a child that discovery joins, in the order in which it can be applied.
 * A ClusterRoleBinding's role cannot be changed: when `deployerRole` does, `clusternet-system-app-deployer`
 * has to be deleted first.
 */
export function agentObjects(options: AgentOptions & JoinOptions): readonly DynamicObject[] {
  const { namespace } = options;
  return [
    namespaceObject(namespace),
    ...agentRightsObjects(options),
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace, name: secretNames.clusterRegistration },
      type: 'Opaque',
      data: {
        [secretKeys.parentURL]: base64(options.parentURL),
        [secretKeys.registrationToken]: base64(options.bootstrapToken),
        [secretKeys.caCertificate]: base64(options.caBundle),
      },
    },
    agentDeployment(options),
  ];
}

/** The agent of the parent as its own child: discovery gives it its Secret at run time. */
export function selfAgentObjects(options: AgentOptions): readonly DynamicObject[] {
  return [...agentRightsObjects(options), agentDeployment(options)];
}

function agentRightsObjects({ namespace, deployerRole }: AgentOptions): readonly DynamicObject[] {
  const subject = serviceAccountSubject(serviceAccounts.appDeployer, namespace);
  const role = { ClusterAdmin: 'cluster-admin', Workloads: clusterRoles.workloads }[deployerRole];
  return [
    ...identityObjects(agentIdentity, namespace),
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { namespace, name: serviceAccounts.appDeployer },
      automountServiceAccountToken: false,
    },
    ...(deployerRole === 'Workloads' ? workloadRoles() : []),
    clusterRoleBinding('clusternet-system-app-deployer', role ?? deployerRole, subject),
  ];
}

function workloadRoles(): readonly DynamicObject[] {
  const aggregated = { [labels.aggregateToAppDeployer]: 'true' };
  return [
    clusterRole(`${clusterRoles.workloads}-basic`, workloadGrants, aggregated),
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: clusterRoles.workloads },
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: aggregated }] },
    },
  ];
}

function agentDeployment(options: AgentOptions): DynamicObject {
  const { namespace, image, replicas, extraArgs = [] } = options;
  const { tolerations = [], nodeSelector, imagePullSecrets } = options;
  return componentDeployment({
    component: 'agent',
    namespace,
    image,
    replicas,
    serviceAccount: serviceAccounts.agent,
    args: extraArgs,
    ports: [{ name: 'health', port: 10650 }],
    strategy: 'RollingUpdate',
    requests: { cpu: '50m', memory: '96Mi' },
    tolerations: [...unfinishedNodeTolerations, ...tolerations],
    ...(nodeSelector !== undefined && { nodeSelector }),
    ...(imagePullSecrets !== undefined && { imagePullSecrets }),
  });
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
