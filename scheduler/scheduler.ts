import { isDeepStrictEqual } from 'node:util';
import type { Explanation } from '../api/apps/explanation.ts';
import { type FeedInventory, feedInventories } from '../api/apps/feed-inventory.ts';
import {
  type Subscription,
  type SubscriptionStatus,
  subscriptions,
} from '../api/apps/subscription.ts';
import type { ManagedCluster } from '../api/clusters/managed-cluster.ts';
import { managedClusters } from '../api/clusters/managed-cluster.ts';
import { labels } from '../api/well-known.ts';
import { builtin } from '../kube/builtin.ts';
import type { Namespace } from '../kube/builtin-kinds.ts';
import type { ReconcileResult } from '../reconcile/controller.ts';
import type { Informer } from '../reconcile/informer.ts';
import type { Runtime } from '../reconcile/runtime.ts';
import { patchStatus } from '../reconcile/status-patch.ts';
import { announce } from './announce.ts';
import { ClusterIndex } from './cluster-index.ts';
import { explainPlacement } from './explain/explain-placement.ts';
import { consultExtenders } from './extender/consult-extenders.ts';
import { announceEvictions } from './failover/announce-evictions.ts';
import { beforeFailover } from './failover/before-failover.ts';
import { Failover } from './failover/failover.ts';
import type { FailoverSettings } from './failover/failover-configuration.ts';
import { recordEvictions } from './failover/record-evictions.ts';
import { nothingFits } from './failover/settle-evictions.ts';
import { bindPlacement } from './framework/bind-placement.ts';
import { divideReplicas } from './framework/divide-replicas.ts';
import type { Cycle, Refusal } from './framework/plugin.ts';
import type { Profile } from './framework/profile.ts';
import { nextLook } from './next-look.ts';
import { type Decision, leaveAlone, place, type World } from './place.ts';
import { isRebalanceDue } from './rebalance-times.ts';
import { recordDeletions } from './recorded-deletions.ts';
import { refusal } from './refusal.ts';
import { RemovalHistory } from './removal-guard.ts';
import { type SchedulerMetrics, schedulerMetrics } from './scheduler-metrics.ts';
import { statusWriter } from './status-writer.ts';
import { statusAfter } from './subscription-status.ts';

/** Places Subscriptions, one at a time each, by the profile their schedulerName names. */
export class Scheduler {
  readonly subscriptions: Informer<Subscription>;
  readonly clusters: Informer<ManagedCluster>;
  readonly inventories: Informer<FeedInventory>;
  /** Only the namespaces dedicated to a cluster. */
  readonly dedicated: Informer<Namespace>;
  readonly #runtime: Runtime;
  readonly #profiles: ReadonlyMap<string, Profile>;
  readonly #index: ClusterIndex;
  readonly #deleted: ReadonlySet<string>;
  readonly #history: RemovalHistory;
  readonly #failover: Failover | undefined;
  readonly #metrics: SchedulerMetrics;

  /** Without settings for failover nothing is evicted. */
  constructor(runtime: Runtime, profiles: readonly Profile[], failover?: FailoverSettings) {
    const { cache, clock, metrics } = runtime;
    this.#runtime = runtime;
    this.#profiles = new Map(profiles.map(profile => [profile.schedulerName, profile]));
    this.subscriptions = cache.informer(subscriptions);
    this.clusters = cache.informer(managedClusters);
    this.inventories = cache.informer(feedInventories);
    this.dedicated = cache.informer(builtin.namespaces, { labelSelector: labels.clusterId });
    this.#index = ClusterIndex.follow(this.clusters);
    this.#deleted = recordDeletions(this.clusters);
    this.#history = new RemovalHistory(clock);
    this.#failover = failover && new Failover(this.clusters, clock, failover);
    this.#metrics = schedulerMetrics(metrics, () => this.#failover?.isLargeOutage ?? false);
    this.subscriptions.onChange(({ type, object }) => {
      if (type === 'deleted') this.#history.forget(object.metadata.uid ?? '');
    });
  }

  /** Decides where the Subscription goes and writes it down; writes nothing when it is there already. Says when to come back to it. */
  async schedule(
    subscription: Subscription,
    signal: AbortSignal,
  ): Promise<ReconcileResult | undefined> {
    const profile = this.#profiles.get(subscription.spec.schedulerName ?? 'default');
    if (profile === undefined) return undefined;
    const end = this.#metrics.endToEnd.startTimer({ profile: profile.schedulerName });
    let result = 'error';
    try {
      const cycle = this.#cycleFor(subscription);
      const decision = await this.#decide(profile, cycle, signal);
      // What is written changes what is stored, wherever the decision began.
      const refused = await this.#carryOut(profile, { ...cycle, subscription }, decision, signal);
      result = refused ? 'unschedulable' : 'scheduled';
      return nextLook(cycle, decision);
    } finally {
      end({ result });
      this.#metrics.attempts.inc({ result, profile: profile.schedulerName });
    }
  }

  /** Decides as {@link schedule} does, writes nothing, and says why; undefined for another scheduler's Subscription. */
  async explain(
    subscription: Subscription,
    id: string,
    signal: AbortSignal,
  ): Promise<Explanation | undefined> {
    const profile = this.#profiles.get(subscription.spec.schedulerName ?? 'default');
    if (profile === undefined) return undefined;
    const cycle = this.#cycleFor(subscription);
    const decision = await this.#decide(profile, cycle, signal);
    return explainPlacement({ id, profile, cycle, decision }, this.#runtime.clock.now());
  }

  #cycleFor(stored: Subscription): Cycle {
    const { namespace = '', name = '' } = stored.metadata;
    const evictions = this.#failover?.plan(stored);
    const subscription = evictions && !evictions.returned ? stored : beforeFailover(stored);
    const inventory = this.inventories.get({ namespace, name });
    return {
      subscription,
      ...(inventory && { inventory }),
      ...(isRebalanceDue(subscription, this.#runtime.clock.now()) && { rebalanceDue: true }),
      clusters: this.#index,
      ...(evictions && { evictions }),
      bound: new Set(subscription.status?.bindingClusters),
      notes: new Map(),
    };
  }

  async #decide(profile: Profile, cycle: Cycle, signal: AbortSignal): Promise<Decision> {
    const decision = await this.#placeAndDivide(profile, cycle, signal);
    if (!cycle.evictions?.evicting.size) return decision;
    if (decision.clusters === undefined) {
      const hold = cycle.evictions.hold ?? nothingFits(decision.refusal?.message ?? '');
      return { ...decision, hold };
    }
    const failover = recordEvictions(cycle, decision, this.#runtime.clock.now());
    return { ...decision, ...(failover && { failover }) };
  }

  async #placeAndDivide(profile: Profile, cycle: Cycle, signal: AbortSignal): Promise<Decision> {
    const { metadata, spec } = cycle.subscription;
    const refused =
      this.#policy(profile, cycle.subscription) ??
      (profile.extenders.length > 0 ? await consultExtenders(profile, cycle, signal) : undefined);
    if (refused) return leaveAlone(refused);
    const world: World = {
      deleted: this.#deleted,
      recentRemovals: this.#history.recent(metadata.uid ?? ''),
    };
    const end = this.#metrics.algorithm.startTimer({ profile: profile.schedulerName });
    const decision = place(profile, cycle, world);
    end();
    if (spec.schedulingStrategy !== 'Dividing' || decision.refusal) return decision;
    return divideReplicas(profile, cycle, decision, signal);
  }

  /** What no plugin may decide otherwise. */
  #policy(profile: Profile, { metadata, spec }: Subscription): Refusal | undefined {
    const { namespace = '' } = metadata;
    if (this.dedicated.get({ name: namespace })) {
      return refusal(
        'NamespaceNotAllowed',
        `namespace ${namespace} belongs to one cluster, whose agent can write there: ` +
          'create the Subscription in another namespace',
      );
    }
    if (spec.schedulingStrategy === 'Dividing' && profile.at('assign').length === 0) {
      return refusal(
        'DividingNotSupported',
        'spec.schedulingStrategy: this scheduler has no plugin that divides replicas: use ' +
          'Replication, which delivers the same to every cluster',
      );
    }
    return undefined;
  }

  async #carryOut(
    profile: Profile,
    cycle: Cycle,
    decision: Decision,
    signal: AbortSignal,
  ): Promise<Refusal | undefined> {
    const { subscription } = cycle;
    const { clusters, replicas, refusal: refused } = decision;
    const status = statusAfter(subscription, decision, this.#runtime.clock.now());
    if (isDeepStrictEqual(status, subscription.status)) return refused;
    if (refused || !clusters) {
      await this.#report(subscription, status, signal);
    } else {
      const binding = { clusters, status, ...(replicas && { replicas }) };
      this.#metrics.underWay.inc({ work: 'Binding' });
      const stopped = await bindPlacement(profile, cycle, binding, signal).finally(() =>
        this.#metrics.underWay.dec({ work: 'Binding' }),
      );
      if (stopped) return this.#carryOut(profile, cycle, leaveAlone(stopped), signal);
    }
    this.#history.add(subscription.metadata.uid ?? '', decision.removed.length);
    announce(this.#runtime.events, subscription, status);
    announceEvictions(this.#runtime.events, this.#metrics.evictions, subscription, status);
    return refused;
  }

  async #report(
    subscription: Subscription,
    status: SubscriptionStatus,
    signal: AbortSignal,
  ): Promise<void> {
    const { client } = this.#runtime;
    await patchStatus(client, subscriptions, subscription, status, statusWriter, signal);
  }
}
