import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import { findCondition } from '../../api/conditions.ts';
import type { Informer } from '../../reconcile/informer.ts';
import { keyOf } from '../../reconcile/key.ts';

/** One or two clusters are no outage of the fleet, however small it is. */
const fewest = 3;

/** Counts, as clusters change, how many of those that have ever connected are not ready. */
export class FleetHealth {
  readonly #ready = new Map<string, boolean>();
  #notReady = 0;

  /** Of the clusters that an informer knows, now and later. */
  static follow(informer: Informer<ManagedCluster>): FleetHealth {
    const health = new FleetHealth();
    informer.onChange(({ type, object }) => {
      if (type === 'deleted') health.remove(keyOf(object));
      else health.set(object);
    });
    return health;
  }

  set(cluster: ManagedCluster): void {
    const key = keyOf(cluster);
    this.remove(key);
    const ready = findCondition(cluster.status?.conditions, 'Ready');
    if (ready === undefined || ready.reason === 'ClusterStatusNeverUpdated') return;
    this.#ready.set(key, ready.status === 'True');
    if (ready.status !== 'True') this.#notReady += 1;
  }

  remove(key: string): void {
    if (this.#ready.get(key) === false) this.#notReady -= 1;
    this.#ready.delete(key);
  }

  /** Whether at least three clusters, and at least `percentage` of all, are not ready: then it is rather us who do not see them. */
  isLargeOutage(percentage: number): boolean {
    return this.#notReady >= fewest && this.#notReady * 100 >= percentage * this.#ready.size;
  }
}
