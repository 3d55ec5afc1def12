import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import { findCondition } from '../../api/conditions.ts';
import type { Informer } from '../../reconcile/informer.ts';

const byClusterId = 'cluster-id';

/** The ManagedClusters of the parent, found by the id of their cluster. */
export class ManagedClusterView {
  readonly informer: Informer<ManagedCluster>;

  constructor(informer: Informer<ManagedCluster>) {
    this.informer = informer;
    informer.addIndex(byClusterId, clusterIds);
  }

  find(clusterId: string | undefined): ManagedCluster | undefined {
    return clusterId === undefined ? undefined : this.informer.byIndex(byClusterId, clusterId)[0];
  }
}

/** Labels can be changed by hand, spec.clusterId cannot. */
function clusterIds({ spec }: ManagedCluster): readonly string[] {
  return [spec.clusterId];
}

/** Whether the parent holds a live tunnel to the cluster, and the cluster answers through it. */
export function isConnected(cluster: ManagedCluster): boolean {
  return findCondition(cluster.status?.conditions, 'Ready')?.status === 'True';
}
