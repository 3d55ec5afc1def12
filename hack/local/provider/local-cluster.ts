import type { Condition, KubeObject } from '../../../api/kube-object.ts';
import type { Resource } from '../../../api/resource.ts';

/** The infrastructure of a local cluster: its place in the loopback network, and simulated worker nodes. */
export interface LocalCluster extends KubeObject {
  readonly spec: {
    readonly controlPlaneEndpoint?: { readonly host: string; readonly port: number };
    readonly workers?: readonly WorkerGroup[];
  };
  readonly status?: LocalClusterStatus;
}

/** Equal worker nodes. */
export interface WorkerGroup {
  readonly name: string;
  readonly replicas: number;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface LocalClusterStatus {
  readonly initialization?: { readonly provisioned: boolean };
  readonly replicas?: number;
  readonly readyReplicas?: number;
  readonly conditions?: readonly Condition[];
}

export const localClusters: Resource<LocalCluster> = {
  group: 'infrastructure.cluster.x-k8s.io',
  version: 'v1alpha1',
  plural: 'localclusters',
  kind: 'LocalCluster',
  namespaced: true,
};
