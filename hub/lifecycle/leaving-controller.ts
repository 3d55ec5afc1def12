import { type ManagedCluster, managedClusters } from '../../api/clusters/managed-cluster.ts';
import { annotations, finalizers, leaveReasons } from '../../api/well-known.ts';
import type { Controller } from '../../reconcile/controller.ts';
import { addFinalizer, removeFinalizer } from '../../reconcile/finalizers.ts';
import { splitKey } from '../../reconcile/key.ts';
import type { Runtime } from '../../reconcile/runtime.ts';
import { watchObjects } from '../../reconcile/source.ts';
import { managedClustersById } from '../managed-clusters-by-id.ts';
import { removeCluster } from './remove-cluster.ts';

/**
 * Lets clusters leave: a recorded intent (annotation or deletion of the ManagedCluster) is enough, and nothing is needed from the
 * child. See docs/designs/20261124-leaving.md.
 */
export function leavingController(runtime: Runtime, namespace: string): Controller {
  const { cache, client, events, logger } = runtime;
  const clusters = managedClustersById(cache);
  return {
    name: 'cluster-leaving',
    sources: [watchObjects(clusters)],
    async reconcile(key, signal) {
      const cluster = clusters.get(splitKey(key));
      if (cluster === undefined) return;
      if (cluster.metadata.deletionTimestamp === undefined) {
        return startLeaving(runtime, cluster, signal);
      }
      if (!cluster.metadata.finalizers?.includes(finalizers.clusters)) return;
      logger.info({ cluster: cluster.spec.clusterId }, 'cluster is leaving');
      await removeCluster({ client, events, namespace }, cluster, signal);
      await removeFinalizer(client, managedClusters, cluster, finalizers.clusters, signal);
      logger.info({ cluster: cluster.spec.clusterId }, 'cluster has left');
    },
  };
}

/** Deletes a ManagedCluster that is marked to leave; every other gets the finalizer by which we notice its deletion. */
async function startLeaving(
  { client, events }: Runtime,
  cluster: ManagedCluster,
  signal: AbortSignal,
): Promise<void> {
  await addFinalizer(client, managedClusters, cluster, finalizers.clusters, signal);
  const reason = cluster.metadata.annotations?.[annotations.leave];
  if (reason === undefined) return;
  if (!isLeaveReason(reason)) {
    const message = `Annotation ${annotations.leave} is ${JSON.stringify(reason)}; it may be ${leaveReasons.join(', ')}. Nothing is done.`;
    events.warning(cluster, 'UnknownLeaveReason', message, 'Leave');
    return;
  }
  const { namespace, name = '', uid } = cluster.metadata;
  events.normal(cluster, 'Leaving', `The cluster leaves: ${reason}.`, 'Leave');
  const precondition = uid === undefined ? {} : { uid };
  await client.delete(managedClusters, { namespace, name }, precondition, signal);
}

function isLeaveReason(text: string): boolean {
  return (leaveReasons as readonly string[]).includes(text);
}
