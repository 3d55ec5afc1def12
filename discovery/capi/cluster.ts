/** A reference to an object that a provider owns, in the namespace of the Cluster. */
export interface ProviderReference {
  /** API group without version; the version is the provider's business. */
  readonly group: string;
  readonly kind: string;
  readonly name: string;
}

/** What discovery needs to know of a Cluster API Cluster, the same whichever API version it was read in. */
export interface CapiCluster {
  /** As it was read: `cluster.x-k8s.io/v1beta2` or `/v1beta1`. */
  readonly apiVersion: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** deletionTimestamp is set. */
  readonly deleting: boolean;
  /** `clusterctl move` is taking the object to another management cluster: its deletion is not a cluster deletion. */
  readonly movedAway: boolean;
  readonly paused: boolean;
  /** The API server of the cluster has answered once; never becomes false again. */
  readonly controlPlaneInitialized: boolean;
  /** Why the control plane is not initialized yet, in Cluster API's own words. */
  readonly waitingFor: string | undefined;
  /** For display only; Cluster API asks not to decide by it. */
  readonly phase: string | undefined;
  /** Set when Cluster API itself lost the child: the message of condition RemoteConnectionProbe. */
  readonly connectionLost: string | undefined;
  /** ClusterClass, when the Cluster has a managed topology. */
  readonly clusterClass: { readonly namespace: string; readonly name: string } | undefined;
  /** The version that the topology asks for, such as `v1.36.3`. */
  readonly kubernetesVersion: string | undefined;
  readonly infrastructure: ProviderReference | undefined;
  readonly controlPlane: ProviderReference | undefined;
}

/** Names that Cluster API gives meaning to. */
export const capiNames = {
  group: 'cluster.x-k8s.io',
  crd: 'clusters.cluster.x-k8s.io',
  clusterNameLabel: 'cluster.x-k8s.io/cluster-name',
  watchFilterLabel: 'cluster.x-k8s.io/watch-filter',
  pausedAnnotation: 'cluster.x-k8s.io/paused',
  deleteForMoveAnnotation: 'clusterctl.cluster.x-k8s.io/delete-for-move',
  secretType: 'cluster.x-k8s.io/secret',
} as const;
