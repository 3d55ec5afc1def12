import {
  type DiscoveredCluster,
  discoveredClusters,
} from '../../api/discovery/discovered-cluster.ts';
import type { HubConnection } from '../../api/discovery/hub-connection.ts';
import { apiVersionOf } from '../../api/resource.ts';
import type { Informer } from '../../reconcile/informer.ts';

/** The parent as a child of itself: one DiscoveredCluster without a Cluster behind it, in the namespace of the add-on. */
export class SelfCluster {
  readonly #connections: Informer<HubConnection>;
  readonly #namespace: string;

  constructor(connections: Informer<HubConnection>, namespace: string) {
    this.#connections = connections;
    this.#namespace = namespace;
  }

  get key(): string {
    return `${this.#namespace}/self`;
  }

  /** HubConnection default decides; until there is one, nothing is decided. */
  isWanted(): boolean {
    return this.#connections.get({ name: 'default' })?.spec.joinSelf ?? true;
  }

  /** Undefined when the parent shall not be its own child. */
  newObject(): DiscoveredCluster | undefined {
    const connection = this.#connections.get({ name: 'default' });
    if (connection === undefined || !this.isWanted()) return undefined;
    return {
      apiVersion: apiVersionOf(discoveredClusters),
      kind: discoveredClusters.kind,
      metadata: { namespace: this.#namespace, name: 'self' },
      spec: {},
    };
  }
}
