import { managedClusters } from '../../api/clusters/managed-cluster.ts';
import {
  type ClusterDiscoveryPolicy,
  clusterDiscoveryPolicies,
} from '../../api/discovery/cluster-discovery-policy.ts';
import {
  type DiscoveredCluster,
  discoveredClusters,
} from '../../api/discovery/discovered-cluster.ts';
import { type HubConnection, hubConnections } from '../../api/discovery/hub-connection.ts';
import { builtin } from '../../kube/builtin.ts';
import type { ConfigMap, CustomResourceDefinition, Namespace } from '../../kube/builtin-kinds.ts';
import type { Cache } from '../../reconcile/cache.ts';
import type { Informer } from '../../reconcile/informer.ts';
import { capiNames } from '../capi/cluster.ts';
import { ManagedClusterView } from './managed-cluster-view.ts';

/** Everything discovery watches on the parent, besides Clusters. */
export interface DiscoveryInformers {
  readonly discovered: Informer<DiscoveredCluster>;
  readonly policies: Informer<ClusterDiscoveryPolicy>;
  readonly connections: Informer<HubConnection>;
  readonly namespaces: Informer<Namespace>;
  readonly definitions: Informer<CustomResourceDefinition>;
  readonly clusterInfo: Informer<ConfigMap>;
  readonly managed: ManagedClusterView;
}

/** Asks the cache for them. ManagedClusters keep their managedFields: by them we know which labels are ours. */
export function discoveryInformers(cache: Cache): DiscoveryInformers {
  return {
    discovered: cache.informer(discoveredClusters),
    policies: cache.informer(clusterDiscoveryPolicies),
    connections: cache.informer(hubConnections),
    namespaces: cache.informer(builtin.namespaces),
    definitions: cache.informer(builtin.customResourceDefinitions, {
      fieldSelector: `metadata.name=${capiNames.crd}`,
    }),
    clusterInfo: cache.informer(builtin.configMaps, {
      namespace: 'kube-public',
      fieldSelector: 'metadata.name=cluster-info',
    }),
    managed: new ManagedClusterView(cache.informer(managedClusters, { transform: whole })),
  };
}

/** Must be one and the same function for all who ask for the informer. */
export function whole<T>(object: T): T {
  return object;
}
