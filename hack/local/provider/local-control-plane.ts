import type { Condition, KubeObject } from '../../../api/kube-object.ts';
import type { Resource } from '../../../api/resource.ts';

/** A real control plane that runs as processes of this machine. */
export interface LocalControlPlane extends KubeObject {
  readonly spec: {
    readonly version: string;
    readonly replicas?: number;
  };
  readonly status?: LocalControlPlaneStatus;
}

export interface LocalControlPlaneStatus {
  readonly initialization?: { readonly controlPlaneInitialized: boolean };
  readonly version?: string;
  readonly replicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly upToDateReplicas?: number;
  readonly conditions?: readonly Condition[];
}

export const localControlPlanes: Resource<LocalControlPlane> = {
  group: 'controlplane.cluster.x-k8s.io',
  version: 'v1alpha1',
  plural: 'localcontrolplanes',
  kind: 'LocalControlPlane',
  namespaced: true,
};
