import type { KubeClient } from '../../../kube/client.ts';
import type { Informer } from '../../../reconcile/informer.ts';
import type { LocalClusters } from '../local-clusters.ts';
import type { Cluster } from './cluster.ts';

/** What both controllers of the local provider work with. */
export interface ProviderContext {
  /** Of the management cluster. */
  readonly client: KubeClient;
  /** Boots and removes the clusters of this machine. */
  readonly machine: Pick<LocalClusters, 'ensure' | 'remove'>;
  readonly clusters: Informer<Cluster>;
}

export const fieldManager = 'local-provider';
