import { isDeepStrictEqual } from 'node:util';
import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import type { DiscoveredCluster } from '../../api/discovery/discovered-cluster.ts';
import type { KubeObject } from '../../api/kube-object.ts';
import { annotations } from '../../api/well-known.ts';
import type { Controller } from '../../reconcile/controller.ts';
import type { Change } from '../../reconcile/informer.ts';
import { keyOf } from '../../reconcile/key.ts';
import { type Source, watchObjects } from '../../reconcile/source.ts';
import type { ClusterSight, ClusterWatch } from '../capi/cluster-watch.ts';
import { whenAvailabilityChanges } from '../capi/policy-controller.ts';
import type { DiscoveredClusterReconciler } from './discovered-cluster-reconciler.ts';
import type { DiscoveryInformers } from './discovery-informers.ts';
import { isConnected } from './managed-cluster-view.ts';

const byClusterId = 'cluster-id';

/** Looks at a cluster again whenever something changes that it hangs on. */
export function discoveredClusterController(
  reconciler: DiscoveredClusterReconciler,
  clusters: ClusterWatch,
  informers: DiscoveryInformers,
  selfKey: string,
  concurrency: number,
): Controller {
  const { discovered, policies, connections, clusterInfo, namespaces, managed } = informers;
  discovered.addIndex(byClusterId, ({ spec }) => (spec.clusterID ? [spec.clusterID] : []));
  const ownersOf = ({ object }: Change<ManagedCluster>) =>
    discovered.byIndex(byClusterId, object.spec.clusterId).map(keyOf);
  const known = () => [...new Set([...clusters.keys(), ...discovered.list().map(keyOf), selfKey])];
  return {
    name: 'discovered-cluster',
    concurrency,
    sources: [
      interruptWhenUnwanted(clusters, reconciler),
      whenAvailabilityChanges(clusters, known),
      watchObjects(discovered, { when: isNotOwnNote }),
      watchObjects(managed.informer, { when: isAboutJoining, enqueue: ownersOf }),
      watchObjects(policies, { when: hasNewSpecOrMetadata, enqueue: known }),
      watchObjects(connections, { when: hasNewSpecOrMetadata, enqueue: known }),
      watchObjects(clusterInfo, { enqueue: known }),
      watchObjects(namespaces, {
        when: ({ object, old }) => !isDeepStrictEqual(object.metadata.labels, old?.metadata.labels),
        enqueue: ({ object }) => clusters.keys(object.metadata.name),
      }),
    ],
    reconcile: (key, signal) => reconciler.reconcile(key, signal),
  };
}

/** A Cluster that is deleted or paused while we work on it ends that work at once. */
function interruptWhenUnwanted(
  clusters: ClusterWatch,
  reconciler: DiscoveredClusterReconciler,
): Source {
  return {
    synced: () => clusters.synced(),
    start: enqueue =>
      clusters.start((key, initial) => {
        if (isUnwanted(clusters.read(key))) reconciler.interrupt(key);
        enqueue(key, initial);
      }),
  };
}

function isUnwanted(cluster: ClusterSight): boolean {
  if (typeof cluster === 'string') return cluster !== 'unknown';
  return cluster.deleting || cluster.paused;
}

/** Our own notes (status, and the hash of what was applied) are no reason to look again. */
function isNotOwnNote({ object, old, type }: Change<DiscoveredCluster>): boolean {
  if (type !== 'updated' || old === undefined) return true;
  return !isDeepStrictEqual(wishesOf(object), wishesOf(old));
}

function wishesOf({ metadata, spec }: DiscoveredCluster) {
  const { [annotations.appliedAgent]: _, ...notes } = metadata.annotations ?? {};
  const { labels, finalizers, ownerReferences, deletionTimestamp } = metadata;
  return { spec, notes, labels, finalizers, ownerReferences, deletionTimestamp };
}

/** Agents report often; only what decides about joining, leaving and labels matters here. */
function isAboutJoining({ object, old, type }: Change<ManagedCluster>): boolean {
  if (type !== 'updated' || old === undefined) return true;
  return (
    isConnected(object) !== isConnected(old) ||
    object.metadata.deletionTimestamp !== old.metadata.deletionTimestamp ||
    object.status?.agentVersion !== old.status?.agentVersion ||
    !isDeepStrictEqual(object.metadata.labels, old.metadata.labels)
  );
}

function hasNewSpecOrMetadata<T extends KubeObject & { readonly spec: object }>({
  object,
  old,
  type,
}: Change<T>): boolean {
  if (type !== 'updated' || old === undefined) return true;
  return (
    !isDeepStrictEqual(object.spec, old.spec) ||
    !isDeepStrictEqual(object.metadata.annotations, old.metadata.annotations)
  );
}
