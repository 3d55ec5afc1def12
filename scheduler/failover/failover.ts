import type { Subscription } from '../../api/apps/subscription.ts';
import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import { findCondition } from '../../api/conditions.ts';
import type { Clock } from '../../reconcile/clock.ts';
import type { Informer } from '../../reconcile/informer.ts';
import { keyOf, splitKey } from '../../reconcile/key.ts';
import { type EvictionCause, evictionCause } from './eviction-cause.ts';
import { EvictionPace } from './eviction-pace.ts';
import type { FailoverSettings } from './failover-configuration.ts';
import { FleetHealth } from './fleet-health.ts';
import { isHealthy } from './is-healthy.ts';
import { type EvictionPlan, planEvictions } from './plan-evictions.ts';

/** After that the agent of a cluster that came back has reported what became of its feeds meanwhile. */
const settleMs = 60_000;

function settled({ status }: ManagedCluster, now: number): boolean {
  const since = findCondition(status?.conditions, 'Ready')?.lastTransitionTime;
  return since !== undefined && now - Date.parse(since) >= settleMs;
}

/** Gate FailOver: knows the fleet, and says which clusters a Subscription is to leave. */
export class Failover {
  readonly #clusters: Informer<ManagedCluster>;
  readonly #clock: Clock;
  readonly #settings: FailoverSettings;
  readonly #health: FleetHealth;
  readonly #pace: EvictionPace;

  constructor(clusters: Informer<ManagedCluster>, clock: Clock, settings: FailoverSettings) {
    this.#clusters = clusters;
    this.#clock = clock;
    this.#settings = settings;
    this.#health = FleetHealth.follow(clusters);
    this.#pace = new EvictionPace(clock, settings.clustersPerMinute);
    clusters.onChange(({ type, object }) => {
      const well = type === 'deleted' || evictionCause(object, [], settings.graceMs) === undefined;
      if (well) this.#pace.forget(keyOf(object));
    });
  }

  get isLargeOutage(): boolean {
    return this.#health.isLargeOutage(this.#settings.largeOutagePercentage);
  }

  plan(subscription: Subscription): EvictionPlan {
    const { spec, status } = subscription;
    const tolerations = spec.clusterTolerations ?? [];
    const causes = new Map<string, EvictionCause | undefined>();
    for (const key of status?.bindingClusters ?? []) {
      const cluster = this.#clusters.get(splitKey(key));
      if (cluster === undefined || cluster.metadata.deletionTimestamp !== undefined) continue;
      causes.set(key, evictionCause(cluster, tolerations, this.#settings.graceMs));
    }
    const now = this.#clock.now().getTime();
    return planEvictions(subscription, {
      now,
      largeOutage: this.isLargeOutage,
      causes,
      healthy: key => {
        const cluster = this.#clusters.get(splitKey(key));
        return (
          cluster !== undefined && settled(cluster, now) && isHealthy(subscription, key, cluster)
        );
      },
      wait: cluster => this.#pace.wait(cluster),
    });
  }
}
