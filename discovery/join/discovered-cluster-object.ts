import {
  type DiscoveredCluster,
  discoveredClusters,
} from '../../api/discovery/discovered-cluster.ts';
import type { OwnerReference } from '../../api/kube-object.ts';
import { apiVersionOf } from '../../api/resource.ts';
import { type CapiCluster, capiNames } from '../capi/cluster.ts';

/** The object in which discovery keeps what it knows of a Cluster; it has the Cluster's name and goes and moves with it. */
export function discoveredClusterFor(
  cluster: CapiCluster,
  policy: string | undefined,
): DiscoveredCluster {
  return {
    apiVersion: apiVersionOf(discoveredClusters),
    kind: discoveredClusters.kind,
    metadata: {
      namespace: cluster.namespace,
      name: cluster.name,
      labels: { [capiNames.clusterNameLabel]: cluster.name },
      ownerReferences: [ownerReference(cluster)],
    },
    spec: {
      clusterRef: clusterReference(cluster),
      ...(policy === undefined ? {} : { policyRef: { name: policy } }),
    },
  };
}

/** Does not block the owner's deletion: that would take a right on clusters/finalizers, and hold up what we only watch. */
export function ownerReference({ apiVersion, name, uid }: CapiCluster): OwnerReference {
  return { apiVersion, kind: 'Cluster', name, uid };
}

export function clusterReference({ apiVersion, name, uid }: CapiCluster) {
  return { apiVersion, kind: 'Cluster', name, uid };
}
