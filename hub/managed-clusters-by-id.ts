import { type ManagedCluster, managedClusters } from '../api/clusters/managed-cluster.ts';
import type { Cache } from '../reconcile/cache.ts';
import type { Informer } from '../reconcile/informer.ts';

const index = 'cluster-id';

/** The informer of all ManagedClusters, with the index that clusterById asks. */
export function managedClustersById(cache: Cache): Informer<ManagedCluster> {
  const informer = cache.informer(managedClusters);
  informer.addIndex(index, cluster => [cluster.spec.clusterId]);
  return informer;
}

/** The ManagedCluster with a cluster id; the oldest, should there be two. */
export function clusterById(
  informer: Informer<ManagedCluster>,
  clusterId: string,
): ManagedCluster | undefined {
  return [...informer.byIndex(index, clusterId)].sort((a, b) =>
    (a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? -1 : 1,
  )[0];
}
