/** Namespaces with a fixed meaning. */
export const namespaces = {
  /** Where every component of ours runs, in the parent and in children. */
  system: 'clusternet-system',
  /** Where Manifests live unless told otherwise. */
  reserved: 'clusternet-reserved',
  multiClusterServices: 'clusternet-mcs',
} as const;

/** Label keys. */
export const labels = {
  createdBy: 'clusternet.io/created-by',
  registeredBy: 'clusters.clusternet.io/registered-by',
  clusterId: 'clusters.clusternet.io/cluster-id',
  clusterName: 'clusters.clusternet.io/cluster-name',
  bootstrapping: 'clusters.clusternet.io/bootstrapping',
  /** On Manifests and what is rendered from them: the object it came from. */
  configGroup: 'apps.clusternet.io/config.group',
  configVersion: 'apps.clusternet.io/config.version',
  configKind: 'apps.clusternet.io/config.kind',
  configName: 'apps.clusternet.io/config.name',
  configNamespace: 'apps.clusternet.io/config.namespace',
  configUid: 'apps.clusternet.io/config.uid',
  /** The Subscription it came from. */
  /** On every object in a child: the UID of the Description it was applied for. */
  descriptionUid: 'apps.clusternet.io/description.uid',
  subscriptionUid: 'apps.clusternet.io/subs.uid',
  subscriptionName: 'apps.clusternet.io/subs.name',
  subscriptionNamespace: 'apps.clusternet.io/subs.namespace',
  multiClusterServiceName: 'services.clusternet.io/multi-cluster-service-name',
  multiClusterServiceNamespace: 'services.clusternet.io/multi-cluster-service-namespace',
  /** `"false"` on a Cluster or its Namespace keeps it out; `"true"` lets it in under mode OptIn. */
  discover: 'clusternet.io/discover',
  /** Who found the cluster: a value of `discoverySources`. */
  discoverySource: 'discovery.clusternet.io/source',
  /** ClusterRoles with `"true"` add to what deployerRole Workloads may do in a child. */
  aggregateToAppDeployer: 'clusternet.io/aggregate-to-app-deployer',
  /** Where a cluster of Cluster API comes from. */
  capiNamespace: 'capi.clusternet.io/namespace',
  capiCluster: 'capi.clusternet.io/cluster',
  capiClass: 'capi.clusternet.io/class',
  capiClassNamespace: 'capi.clusternet.io/class-namespace',
  capiInfrastructure: 'capi.clusternet.io/infrastructure',
  capiControlPlane: 'capi.clusternet.io/control-plane',
  capiManagementCluster: 'capi.clusternet.io/management-cluster',
  capiKubernetesMinor: 'capi.clusternet.io/kubernetes-minor',
  controlPlaneNode: 'node-role.kubernetes.io/control-plane',
  masterNode: 'node-role.kubernetes.io/master',
} as const;

/** Beginnings of label keys. */
export const labelPrefixes = {
  /** Node labels that are aggregated to the ManagedCluster when no rule says otherwise. */
  nodes: 'node.clusternet.io/',
  /** What Node Feature Discovery writes; mapped by the rule the add-on ships. */
  nodeFeatures: 'feature.node.kubernetes.io/',
  /** Provenance of Cluster API clusters. */
  capi: 'capi.clusternet.io/',
} as const;

/** Values of `labels.createdBy` and `labels.registeredBy`. */
export const creators = {
  agent: 'clusternet-agent',
  hub: 'clusternet-hub',
  controllerManager: 'clusternet-controller-manager',
  discovery: 'clusternet-discovery',
} as const;

/** Values of `labels.discoverySource`. */
export const discoverySources = { capi: 'capi', self: 'self' } as const;

/** Values of `annotations.leave`: why a cluster shall leave. */
export const leaveReasons = ['ClusterDeleted', 'Detached', 'ConfirmedDead'] as const;

/** Annotation keys. */
export const annotations = {
  /** `"true"`: controllers may overwrite the object; `"false"`: they leave it alone. */
  autoUpdate: 'clusternet.io/autoupdate',
  feedProtection: 'apps.clusternet.io/feed-protection',
  skipValidating: 'apps.clusternet.io/skip-validating',
  /** `namespace.name` of the Description, on objects in a child. */
  ownedByDescription: 'apps.clusternet.io/owned-by-description',
  /** `"true"` on objects in a child that were there before us: withdrawn, they stay. */
  foundInPlace: 'apps.clusternet.io/found-in-place',
  lastAppliedConfiguration: 'clusternet.io/last-applied-configuration',
  isDefaultClusterInit: 'apps.clusternet.io/is-default-cluster-init',
  clusterInitBase: 'apps.clusternet.io/cluster-init-base',
  skipClusterInit: 'clusters.clusternet.io/skip-cluster-init',
  /** On the agent's Lease: the cluster id of an earlier installation, which wins over the Lease's UID. */
  legacyClusterId: 'legacy-cluster-id',
  /** `"true"` on a Description: take over fields other managers own. */
  adopt: 'apps.clusternet.io/adopt',
  /** Who last changed the spec; written by our webhook only. */
  author: 'apps.clusternet.io/author',
  /** The generation whose mass change an administrator has confirmed. */
  confirmMassChange: 'clusternet.io/confirm-mass-change',
  /** On a ManagedCluster: it shall leave; one of `leaveReasons`. See docs/designs/20261124-leaving.md. */
  leave: 'clusters.clusternet.io/leave',
  /** On a ManagedCluster: SHA-256 (base64) of the public key that may join as this cluster; written by the hub only. */
  agentKey: 'clusters.clusternet.io/agent-key',
  /** On a ManagedCluster: UID of the ClusterRegistrationRequest it was made for. */
  registrationUid: 'clusters.clusternet.io/registration-uid',
  /** `namespace/name` of the Cluster a registration stands for. */
  discoveryOwner: 'discovery.clusternet.io/owner',
  /** On a DiscoveredCluster: hash of the agent's manifest that was applied last. */
  appliedAgent: 'discovery.clusternet.io/applied-agent',
  /** On the agent's Lease in a child: why the agent has not reached the parent for a while; written by the agent. */
  lastDialError: 'clusters.clusternet.io/last-dial-error',
} as const;

/** Finalizers. */
export const finalizers = {
  apps: 'apps.clusternet.io/finalizer',
  clusters: 'clusters.clusternet.io/finalizer',
  discovery: 'discovery.clusternet.io/finalizer',
} as const;

/** Keys of the taints we put on ManagedClusters; effect NoSchedule. */
export const taintKeys = {
  unschedulable: 'clusters.clusternet.io/unschedulable',
  initialization: 'clusters.clusternet.io/initialization',
  bootstrapping: 'clusters.clusternet.io/bootstrapping',
} as const;

/** Names of Secrets, each in `namespaces.system` unless said otherwise. */
export const secretNames = {
  /** In a child: the agent's credential for the parent and its private key. */
  parentCluster: 'parent-cluster',
  /** In a child: how to reach the parent, and the bootstrap token. */
  clusterRegistration: 'clusternet-agent-cluster-registration',
  /** In a dedicated namespace: the parent's credential for the child (Push, and Dual with AppPusher). */
  childClusterDeployer: 'child-cluster-deployer',
  /** The hub's CA and serving certificate. */
  hubTls: 'clusternet-hub-tls',
} as const;

/** Keys of the Secrets above. */
export const secretKeys = {
  parentURL: 'parentURL',
  registrationToken: 'regToken',
  caCertificate: 'ca.crt',
  token: 'token',
  namespace: 'namespace',
  advertiseURL: 'apiserver-advertise-url',
  agentKey: 'agent.key',
  managedClusterName: 'managed-cluster-name',
  /** When the token in the same Secret was received, and when it ends; RFC 3339. */
  tokenReceived: 'token-received',
  tokenExpiration: 'token-expiration',
} as const;

/** Names of ServiceAccounts. */
export const serviceAccounts = {
  /** In a child. */
  agent: 'clusternet-agent',
  appDeployer: 'clusternet-app-deployer',
  /** In a dedicated namespace. */
  bootstrap: 'clusternet-bootstrap',
  child: 'clusternet-child',
} as const;

/** Names of ClusterRoles. */
export const clusterRoles = {
  /** The hub's own; also owns what the hub registers at run time. */
  hub: 'clusternet-system-hub',
  /** Bound in each dedicated namespace to that child. */
  child: 'clusternet-system-child',
  /** Bound to nobody by default; who holds it reaches every child as `clusternet`. */
  proxyImpersonator: 'clusternet-system-proxy-impersonator',
  /** What user `clusternet` may do: reach every child. */
  proxyUser: 'clusternet-system-proxy-user',
  /** What bootstrap tokens may do that are made by hand. */
  bootstrapping: 'clusternet-system-bootstrapping',
  /** What deployerRole Workloads means, in a child. */
  workloads: 'clusternet-system-workloads',
} as const;

/** Name of the agent's Lease in a child; its UID is the cluster id. */
export const agentLease = 'clusternet-agent';

/** Names derived from a cluster id. */
export const namesFor = {
  registrationRequest: (clusterId: string) => `clusternet-${clusterId}`,
  dedicatedNamespace: (clusterId: string) => `clusternet-${clusterId.slice(0, 13)}`,
  childClusterRole: (clusterId: string) => `${clusterRoles.child}-${clusterId}`,
  tunnelLease: (clusterId: string) => `tunnel-${clusterId}`,
};
