import assert from 'node:assert/strict';
import fc from 'fast-check';
import { feedKey } from '../../api/apps/feed.ts';
import type { Subscription, SubscriptionStatus } from '../../api/apps/subscription.ts';
import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import { findCondition } from '../../api/conditions.ts';
import { cluster, inventoryOf, keyFor, subscription } from '../../test/scheduling-objects.ts';
import { testPlugins } from '../../test/scheduling-plugins.ts';
import { sum } from '../assign/sum.ts';
import { ClusterIndex } from '../cluster-index.ts';
import { divideReplicas } from '../framework/divide-replicas.ts';
import { buildProfile } from '../framework/profile.ts';
import { place } from '../place.ts';
import { PresentReplicas } from '../present-replicas.ts';
import { statusAfter } from '../subscription-status.ts';
import { beforeFailover } from './before-failover.ts';
import { evictionCause } from './eviction-cause.ts';
import { isHealthy } from './is-healthy.ts';
import { planEvictions } from './plan-evictions.ts';
import { recordEvictions } from './record-evictions.ts';

const profile = buildProfile({ schedulerName: 'default' }, testPlugins());
const labels = { app: 'web' };
const subscribers = [{ clusterAffinity: { matchLabels: labels }, weight: 1 }];
const desired = 6;
const now = new Date('2026-01-01T01:00:00Z');
const signal = new AbortController().signal;

/** One Subscription and the clusters it goes to; every change of it is decided on as the scheduler does. */
class Fleet {
  readonly clusters = new Map<string, ManagedCluster>();
  subscription: Subscription;
  largeOutage = false;

  constructor(names: readonly string[], spec: Partial<Subscription['spec']>) {
    for (const name of names) this.set(name);
    this.subscription = subscription({ subscribers, ...spec });
  }

  /** By default it is ready and has no taint. */
  set(name: string, options: Parameters<typeof cluster>[1] = {}): void {
    const { spec, ...rest } = cluster(name, { labels, ...options });
    this.clusters.set(keyFor(name), { ...rest, spec: { ...spec, clusterId: name } });
  }

  get status(): SubscriptionStatus {
    return this.subscription.status ?? {};
  }

  get bound(): readonly string[] {
    return (this.status.bindingClusters ?? []).map(key => key.slice(key.indexOf('/') + 1));
  }

  get replicas(): readonly (readonly number[])[] {
    return Object.values(this.status.replicas ?? {});
  }

  get evictions(): readonly string[] {
    return this.status.failover?.evictions.map(({ cluster: key }) => key) ?? [];
  }

  get why(): string | undefined {
    return findCondition(this.status.conditions, 'Evicting')?.reason;
  }

  /** Those bound clusters where every feed is available. */
  get healthy(): readonly string[] {
    return this.bound.filter(name => {
      const each = this.clusters.get(keyFor(name));
      return each !== undefined && isHealthy(this.subscription, keyFor(name), each);
    });
  }

  get healthyReplicas(): number {
    const [counts = []] = this.replicas;
    return sum(this.healthy.map(name => counts[this.bound.indexOf(name)] ?? 0));
  }

  /** The cluster reports that all it was given is available, or that nothing is. */
  report(name: string, available = true): void {
    const { feeds } = this.subscription.spec;
    const aggregatedStatuses = feeds.map((feed, index) => {
      const details = this.status.aggregatedStatuses?.[index]?.feedStatusDetails ?? [];
      const key = feedKey(feed);
      const running = PresentReplicas.in(this.status).of(keyFor(name), key);
      const replicaStatus = { availableReplicas: available ? running : 0 };
      const others = details.filter(({ clusterId }) => clusterId !== name);
      return {
        ...feed,
        feedStatusDetails: [...others, { clusterId: name, available, replicaStatus }],
      };
    });
    const status = { ...this.status, aggregatedStatuses };
    this.subscription = { ...this.subscription, status };
  }

  async decide(): Promise<void> {
    const stored = this.subscription;
    const bound = stored.status?.bindingClusters ?? [];
    const evictions = planEvictions(stored, {
      now: now.getTime(),
      largeOutage: this.largeOutage,
      causes: new Map(
        bound.flatMap(key => {
          const each = this.clusters.get(key);
          return each ? [[key, evictionCause(each, [], 300_000)] as const] : [];
        }),
      ),
      healthy: key => isHealthy(stored, key, this.clusters.get(key) as ManagedCluster),
      wait: () => 0,
    });
    const base = evictions.returned ? beforeFailover(stored) : stored;
    const cycle = {
      subscription: base,
      inventory: inventoryOf(stored, desired),
      clusters: ClusterIndex.of([...this.clusters.values()]),
      bound: new Set(base.status?.bindingClusters),
      notes: new Map(),
      evictions,
    };
    let decision = place(profile, cycle, { deleted: new Set(), recentRemovals: 0 });
    if (stored.spec.schedulingStrategy === 'Dividing' && !decision.refusal) {
      decision = await divideReplicas(profile, cycle, decision, signal);
    }
    const failover = recordEvictions(cycle, decision, now);
    const status = statusAfter(stored, { ...decision, ...(failover && { failover }) }, now);
    this.subscription = { ...stored, status };
  }

  /** Until nothing changes any more. */
  async settle(): Promise<void> {
    for (let rounds = 0; rounds < 5; rounds++) {
      const before = JSON.stringify(this.status);
      await this.decide();
      if (JSON.stringify(this.status) === before) return;
    }
    assert.fail('does not come to rest');
  }

  /** Placed, and running everywhere. */
  static async running(
    names: readonly string[],
    spec: Partial<Subscription['spec']>,
  ): Promise<Fleet> {
    const fleet = new Fleet(names, spec);
    await fleet.settle();
    for (const name of fleet.bound) fleet.report(name);
    return fleet;
  }
}

const evacuate = { taints: [{ key: 'evacuate', effect: 'NoExecute' }] };
const dividing = { schedulingStrategy: 'Dividing' } as const;
const oneOfAll = {
  schedulingBySubGroup: true,
  subscribers: [{ clusterAffinity: {}, subGroupStrategy: { minClusters: 1 } }],
};

describe('failover', () => {
  it('leaves a replicated cluster when another reports every feed available, and not before', async () => {
    const fleet = await Fleet.running(['a', 'b'], {});
    fleet.report('b', false);
    fleet.set('a', { ready: 'Unknown' });
    await fleet.settle();
    assert.deepEqual([fleet.bound, fleet.why], [['a', 'b'], 'ReplacementsPending']);
    fleet.report('b');
    await fleet.settle();
    assert.deepEqual(
      [fleet.bound, fleet.why, fleet.status.failover],
      [['b'], undefined, undefined],
    );
  });

  it('binds another cluster of a group first, and leaves when that one is healthy', async () => {
    const fleet = await Fleet.running(['a', 'b'], oneOfAll);
    assert.deepEqual(fleet.bound, ['a']);
    fleet.set('a', evacuate);
    await fleet.settle();
    assert.deepEqual([fleet.bound, fleet.why], [['a', 'b'], 'ReplacementsPending']);
    assert.deepEqual(fleet.status.failover?.replacements, [{ cluster: keyFor('b'), joined: true }]);
    fleet.report('b');
    await fleet.settle();
    assert.deepEqual(fleet.bound, ['b']);
  });

  it('gives divided replicas to others, and takes none away before all of them are available', async () => {
    const fleet = await Fleet.running(['a', 'b', 'c'], dividing);
    assert.deepEqual(fleet.replicas, [[2, 2, 2]]);
    fleet.set('c', { ready: 'False' });
    await fleet.settle();
    assert.deepEqual([fleet.replicas, fleet.why], [[[3, 3, 2]], 'ReplacementsPending']);
    fleet.report('a');
    await fleet.settle();
    assert.deepEqual(fleet.replicas, [[3, 3, 2]]);
    fleet.report('b');
    await fleet.settle();
    assert.deepEqual([fleet.bound, fleet.replicas], [['a', 'b'], [[3, 3]]]);
  });

  it('keeps the original when nothing else fits, and says so', async () => {
    for (const spec of [{}, oneOfAll, dividing]) {
      const fleet = await Fleet.running(['a'], spec);
      const { replicas } = fleet;
      fleet.set('a', evacuate);
      await fleet.settle();
      assert.deepEqual([fleet.bound, fleet.replicas, fleet.why], [['a'], replicas, 'NothingFits']);
      const scheduled = findCondition(fleet.status.conditions, 'Scheduled');
      assert.deepEqual([scheduled?.status, scheduled?.reason], ['False', 'NoFeasibleCluster']);
    }
  });

  it('takes everything back when the cluster returns healthy before it was left', async () => {
    const fleet = await Fleet.running(['a', 'b', 'c'], dividing);
    fleet.set('c', { ready: 'False' });
    await fleet.settle();
    fleet.report('c', false);
    fleet.set('c');
    await fleet.settle();
    assert.deepEqual([fleet.replicas, fleet.why], [[[3, 3, 2]], 'ReturnedNotHealthy']);
    fleet.report('c');
    await fleet.settle();
    assert.deepEqual([fleet.replicas, fleet.why], [[[2, 2, 2]], undefined]);
    assert.equal(fleet.status.failover, undefined);
  });

  it('moves on when the target fails, too, and loses no copy', async () => {
    const fleet = await Fleet.running(['a', 'b', 'c'], oneOfAll);
    fleet.set('a', evacuate);
    await fleet.settle();
    fleet.set('b', { ready: 'Unknown' });
    await fleet.settle();
    assert.deepEqual(fleet.bound, ['a', 'b', 'c']);
    fleet.report('c');
    await fleet.settle();
    assert.deepEqual(fleet.bound, ['c']);
  });

  it('starts and completes nothing in a large outage, and goes on after it', async () => {
    const fleet = await Fleet.running(['a', 'b'], {});
    fleet.set('a', { ready: 'Unknown' });
    fleet.largeOutage = true;
    await fleet.settle();
    assert.deepEqual([fleet.bound, fleet.why], [['a', 'b'], 'LargeOutage']);
    assert.deepEqual(fleet.evictions, []);
    fleet.largeOutage = false;
    await fleet.decide();
    assert.deepEqual(fleet.evictions, [keyFor('a')]);
    fleet.largeOutage = true;
    await fleet.settle();
    assert.deepEqual([fleet.bound, fleet.why], [['a', 'b'], 'LargeOutage']);
    fleet.largeOutage = false;
    await fleet.settle();
    assert.deepEqual(fleet.bound, ['b']);
  });

  it('never withdraws without a replacement, whatever fails, returns and reports in which order', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const name = fc.constantFrom(...names);
    const happen: Record<string, (fleet: Fleet, at: string) => void> = {
      fail: (fleet, at) => fleet.set(at, { ready: 'Unknown' }),
      taint: (fleet, at) => fleet.set(at, evacuate),
      heal: (fleet, at) => fleet.set(at),
      report: (fleet, at) => fleet.report(at),
      // What was divided has no spare copy: one that ails for reasons of its own is nobody's withdrawal.
      sicken: (fleet, at) => fleet.report(at, fleet.replicas.length > 0),
    };
    const step = fc.record({ name, what: fc.constantFrom(...Object.keys(happen)) });
    const spec = fc.constantFrom({}, oneOfAll, dividing);
    await fc.assert(
      fc.asyncProperty(spec, fc.array(step, { maxLength: 25 }), async (chosen, steps) => {
        const fleet = await Fleet.running(names, chosen);
        for (const { name: at, what } of steps) {
          happen[what]?.(fleet, at);
          const before = fleet.bound;
          await fleet.decide();
          const left = before.filter(each => !fleet.bound.includes(each));
          const enough =
            chosen === dividing ? fleet.healthyReplicas >= desired : fleet.healthy.length > 0;
          assert.ok(left.length === 0 || enough, `${what} ${at}: left ${left}`);
        }
        await fleet.settle();
      }),
    );
  });
});
