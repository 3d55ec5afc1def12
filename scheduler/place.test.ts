import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Subscription } from '../api/apps/subscription.ts';
import type { ManagedCluster } from '../api/clusters/managed-cluster.ts';
import { annotations } from '../api/well-known.ts';
import { keyOf } from '../reconcile/key.ts';
import { cluster, keyFor, subscription } from '../test/scheduling-objects.ts';
import { testPlugins } from '../test/scheduling-plugins.ts';
import { ClusterIndex } from './cluster-index.ts';
import { buildProfile } from './framework/profile.ts';
import { type Decision, place, type World } from './place.ts';
import { statusAfter } from './subscription-status.ts';

// Deciding writes nothing: no plugin needs a client for it.
const profile = buildProfile({ schedulerName: 'default' }, testPlugins());
const labels = { app: 'web' };

function decide(
  sub: Subscription,
  clusters: readonly ManagedCluster[],
  world: Partial<World> = {},
): Decision {
  const cycle = {
    subscription: sub,
    clusters: ClusterIndex.of(clusters),
    bound: new Set(sub.status?.bindingClusters),
    notes: new Map(),
  };
  return place(profile, cycle, { deleted: new Set(), recentRemovals: 0, ...world });
}

function bound(...names: string[]): Subscription {
  return subscription({}, { bindingClusters: names.map(keyFor) });
}

function many(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `c${String(index).padStart(3, '0')}`);
}

describe('place', () => {
  it('takes every ready cluster a subscriber asks for, sorted by namespace and name', () => {
    const clusters = [cluster('b', { labels }), cluster('a', { labels }), cluster('other')];
    assert.deepEqual(decide(subscription(), clusters).clusters, [keyFor('a'), keyFor('b')]);
  });

  it('counts a cluster that two subscribers ask for once', () => {
    const both = [{ clusterAffinity: { matchLabels: labels } }, { clusterAffinity: {} }];
    const decision = decide(subscription({ subscribers: both }), [cluster('a', { labels })]);
    assert.deepEqual(decision.clusters, [keyFor('a')]);
  });

  it('refuses a malformed selector naming the field, and touches no placement', () => {
    const operator = { key: 'app', operator: 'Like', values: ['x'] };
    const subscribers = [
      { clusterAffinity: {} },
      { clusterAffinity: { matchExpressions: [operator] } },
    ];
    const sub = subscription({ subscribers }, { bindingClusters: [keyFor('a')] });
    const { clusters, refusal } = decide(sub, [cluster('a', { labels })]);
    assert.equal(clusters, undefined);
    assert.equal(refusal?.reason, 'InvalidSelector');
    assert.match(
      refusal?.message ?? '',
      /^spec\.subscribers\[1\]\.clusterAffinity\.matchExpressions\[0\]\.operator: "Like" is not one of/,
    );
  });

  it('refuses what it cannot follow, and touches no placement', () => {
    const feed = { apiVersion: 'v1', kind: 'Service', namespace: 'qux', name: 'nginx' };
    const sub = subscription({ feeds: [feed, feed] }, bound('a').status);
    const { clusters, refusal } = decide(sub, [cluster('a', { labels })]);
    assert.deepEqual([clusters, refusal?.reason], [undefined, 'InvalidSpec']);
    assert.match(refusal?.message ?? '', /^spec\.feeds\[1\]: names Service qux\/nginx again/);
  });

  for (const [name, change] of [
    ['not ready', { ready: 'False' }],
    ['silent', { ready: 'Unknown' }],
    ['tainted NoSchedule', { taints: [{ key: 'k', effect: 'NoSchedule' }] }],
    ['tainted NoExecute', { taints: [{ key: 'k', effect: 'NoExecute' }] }],
  ] as const) {
    it(`gives a cluster that is ${name} nothing new and takes nothing from it`, () => {
      const clusters = [
        cluster('old', { labels, ...change }),
        cluster('new', { labels, ...change }),
      ];
      const decision = decide(bound('old'), clusters);
      assert.deepEqual([decision.clusters, decision.refusal], [[keyFor('old')], undefined]);
    });
  }

  it('leaves a cluster that no longer matches although it is not ready either', () => {
    const clusters = [cluster('old', { ready: 'False' }), cluster('new', { labels })];
    assert.deepEqual(decide(bound('old'), clusters).clusters, [keyFor('new')]);
  });

  describe('when no cluster is feasible', () => {
    it('says how many clusters there are and why each cannot take it', () => {
      const clusters = [
        cluster('a', { labels, ready: 'Unknown' }),
        cluster('b', { labels, ready: 'False' }),
        cluster('c'),
      ];
      const { refusal, clusters: placement } = decide(subscription(), clusters);
      assert.deepEqual(placement, []);
      assert.deepEqual(refusal, {
        reason: 'NoFeasibleCluster',
        message: '0/3 clusters are available: 2 are not ready, 1 do not match any subscriber',
      });
    });

    it('keeps the last placement and says how to withdraw it', () => {
      const { clusters, refusal } = decide(bound('a', 'b'), [cluster('a'), cluster('b')]);
      assert.deepEqual(clusters, [keyFor('a'), keyFor('b')]);
      assert.match(
        refusal?.message ?? '',
        /is kept: to withdraw it, delete the Subscription or set annotation clusternet.io\/confirm-mass-change: "1"/,
      );
    });

    it('withdraws when an administrator has confirmed this generation, not an earlier one', () => {
      const confirm = (generation: string) =>
        subscription({}, bound('a').status, {
          annotations: { [annotations.confirmMassChange]: generation },
        });
      assert.deepEqual(decide(confirm('0'), [cluster('a')]).clusters, [keyFor('a')]);
      assert.deepEqual(decide(confirm('1'), [cluster('a')]).clusters, []);
    });

    it('does not keep clusters that were deleted', () => {
      const deletionTimestamp = '2026-01-01T00:00:00Z';
      const leaving = cluster('a', { labels, deletionTimestamp });
      assert.deepEqual(decide(bound('a'), [leaving]).clusters, []);
      const deleted = new Set([keyFor('a')]);
      assert.deepEqual(decide(bound('a'), [], { deleted }).clusters, []);
      assert.deepEqual(decide(bound('a'), []).clusters, [keyFor('a')]);
    });
  });

  describe('when many clusters would leave at once', () => {
    it('lets five or a fifth of them go and holds the rest', () => {
      const relabelled = many(40).map(name => cluster(name));
      const decision = decide(bound(...many(40), 'stays'), [
        ...relabelled,
        cluster('stays', { labels }),
      ]);
      assert.equal(decision.limit, 8);
      assert.deepEqual(decision.removed, many(8).map(keyFor));
      assert.equal(decision.clusters?.length, 33);
      const few = decide(bound(...many(6), 'stays'), [cluster('stays', { labels })]);
      assert.deepEqual([few.limit, few.removed.length, few.held.length], [5, 5, 1]);
    });

    it('counts what has left within the last ten minutes', () => {
      const decision = decide(bound('a', 'b', 'stays'), [cluster('stays', { labels })], {
        recentRemovals: 4,
      });
      assert.deepEqual([decision.removed, decision.held], [[keyFor('a')], [keyFor('b')]]);
    });

    it('goes on holding whatever time passes, until this generation is confirmed', () => {
      const clusters = [cluster('stays', { labels })];
      const first = decide(bound(...many(9), 'stays'), clusters);
      const sub = bound(...many(9), 'stays');
      const status = statusAfter(sub, first, new Date());
      const later = decide({ ...sub, status }, clusters);
      assert.deepEqual([later.removed, later.held], [[], first.held]);
      const annotated = { [annotations.confirmMassChange]: '1' };
      const confirmed = decide(
        { ...sub, status, metadata: { ...sub.metadata, annotations: annotated } },
        clusters,
      );
      assert.deepEqual([confirmed.clusters, confirmed.held], [[keyFor('stays')], []]);
    });

    it('never counts clusters whose deletion was recorded', () => {
      const deletionTimestamp = '2026-01-01T00:00:00Z';
      const leaving = many(40).map(name => cluster(name, { labels, deletionTimestamp }));
      const decision = decide(bound(...many(40), 'stays'), [
        ...leaving,
        cluster('stays', { labels }),
      ]);
      assert.deepEqual(
        [decision.clusters, decision.removed, decision.held],
        [[keyFor('stays')], [], []],
      );
    });
  });

  describe('by subgroup', () => {
    const group = (value: string, minClusters?: number) => ({
      clusterAffinity: { matchLabels: { zone: value } },
      ...(minClusters !== undefined && { subGroupStrategy: { minClusters } }),
    });
    const zone = (name: string, value: string, more = {}) =>
      cluster(name, { labels: { zone: value }, ...more });

    it('takes as many of each group as it needs, the most welcome first', () => {
      const taints = [{ key: 'k', effect: 'PreferNoSchedule' }];
      const clusters = [
        zone('a', 'x', { taints }),
        zone('b', 'x'),
        zone('c', 'x'),
        zone('d', 'y'),
        zone('e', 'y'),
      ];
      const sub = subscription({
        schedulingBySubGroup: true,
        subscribers: [group('x', 2), group('y', 1)],
      });
      assert.deepEqual(decide(sub, clusters).clusters, ['b', 'c', 'd'].map(keyFor));
    });

    it('takes a cluster of two groups once, for both', () => {
      const both = cluster('b', { labels: { zone: 'x', disk: 'fast' } });
      const fast = {
        clusterAffinity: { matchLabels: { disk: 'fast' } },
        subGroupStrategy: { minClusters: 1 },
      };
      const sub = subscription({ schedulingBySubGroup: true, subscribers: [group('x', 2), fast] });
      const decision = decide(sub, [zone('a', 'x'), both, zone('c', 'x')]);
      assert.deepEqual(decision.clusters, ['a', 'b'].map(keyFor));
    });

    it('stays where it is rather than move to a better cluster', () => {
      const taints = [{ key: 'k', effect: 'PreferNoSchedule' }];
      const clusters = [zone('a', 'x', { taints }), zone('b', 'x')];
      const sub = subscription(
        { schedulingBySubGroup: true, subscribers: [group('x', 1)] },
        { bindingClusters: [keyFor('a')] },
      );
      assert.deepEqual(decide(sub, clusters).clusters, [keyFor('a')]);
    });

    it('takes all of a group that names no number', () => {
      const sub = subscription({ schedulingBySubGroup: true, subscribers: [group('x')] });
      assert.equal(decide(sub, [zone('a', 'x'), zone('b', 'x')]).clusters?.length, 2);
    });
  });

  describe('whatever the clusters are like', () => {
    const names = many(12);
    const state = fc.record({
      matches: fc.boolean(),
      ready: fc.constantFrom('True' as const, 'False' as const, 'Unknown' as const),
      effect: fc.constantFrom('none', 'PreferNoSchedule', 'NoSchedule', 'NoExecute'),
      exists: fc.constantFrom('yes', 'yes', 'leaving', 'missing', 'deleted'),
      bound: fc.boolean(),
    });
    const fleet = fc.array(state, { maxLength: names.length });
    type Fleet = typeof fleet extends fc.Arbitrary<infer Value> ? Value : never;

    function worldOf(states: Fleet) {
      const named = states.map((each, index) => ({ ...each, name: names[index] ?? '' }));
      const clusters = named
        .filter(({ exists }) => exists === 'yes' || exists === 'leaving')
        .map(({ name, matches, ready, effect, exists }) =>
          cluster(name, {
            labels: matches ? labels : {},
            ready,
            taints: effect === 'none' ? [] : [{ key: 'k', effect }],
            ...(exists === 'leaving' && { deletionTimestamp: '2026-01-01T00:00:00Z' }),
          }),
        );
      const deleted = new Set(
        named.filter(({ exists }) => exists === 'deleted').map(({ name }) => keyFor(name)),
      );
      const sub = bound(...named.filter(each => each.bound).map(({ name }) => name));
      return { named, clusters, deleted, sub };
    }

    it('never unbinds a matching cluster for its readiness or a taint', () => {
      fc.assert(
        fc.property(fleet, states => {
          const { named, clusters, deleted, sub } = worldOf(states);
          const decision = decide(sub, clusters, { deleted });
          for (const { name, matches, exists, bound: was } of named) {
            const safe = was && matches && exists === 'yes';
            assert.ok(!safe || decision.clusters?.includes(keyFor(name)), `${name} was unbound`);
          }
        }),
      );
    });

    it('never places anything new on a cluster that may not take it', () => {
      fc.assert(
        fc.property(fleet, states => {
          const { named, clusters, deleted, sub } = worldOf(states);
          const decision = decide(sub, clusters, { deleted });
          for (const { name, matches, ready, effect, exists, bound: was } of named) {
            const open =
              matches && ready === 'True' && exists === 'yes' && !effect.startsWith('No');
            const isNew = !was && (decision.clusters ?? []).includes(keyFor(name));
            assert.equal(!was && open && !decision.refusal, isNew);
          }
        }),
      );
    });

    it('never empties a placement unless every cluster of it was deleted', () => {
      fc.assert(
        fc.property(fleet, states => {
          const { named, clusters, deleted, sub } = worldOf(states);
          const decision = decide(sub, clusters, { deleted });
          const alive = named.some(
            each => each.bound && (each.exists === 'yes' || each.exists === 'missing'),
          );
          assert.ok(!alive || (decision.clusters ?? []).length > 0);
        }),
      );
    });

    it('removes no more than the limit without a recorded deletion, and loses track of none', () => {
      fc.assert(
        fc.property(fleet, fc.nat({ max: 8 }), (states, recentRemovals) => {
          const { clusters, deleted, sub } = worldOf(states);
          const decision = decide(sub, clusters, { deleted, recentRemovals });
          assert.ok(decision.removed.length <= Math.max(0, 5 - recentRemovals));
          const gone = new Set([
            ...decision.removed,
            ...deleted,
            ...clusters.filter(({ metadata }) => metadata.deletionTimestamp).map(keyOf),
          ]);
          for (const key of sub.status?.bindingClusters ?? []) {
            assert.notEqual(gone.has(key), decision.clusters?.includes(key), key);
          }
        }),
      );
    });

    it('decides the same whatever the order of the clusters, and the same again once it is written', () => {
      fc.assert(
        fc.property(fleet, states => {
          const { clusters, deleted, sub } = worldOf(states);
          const decision = decide(sub, clusters, { deleted });
          assert.deepEqual(
            decide(sub, clusters.toReversed(), { deleted }).clusters,
            decision.clusters,
          );
          assert.deepEqual(decision.clusters, [...new Set(decision.clusters)].sort());
          const now = new Date();
          const written = { ...sub, status: statusAfter(sub, decision, now) };
          const again = decide(written, clusters, {
            deleted,
            recentRemovals: decision.removed.length,
          });
          assert.deepEqual(statusAfter(written, again, now), written.status);
        }),
      );
    });
  });
});
