import assert from 'node:assert/strict';
import fc from 'fast-check';
import { feedKey } from '../../api/apps/feed.ts';
import type { Subscription } from '../../api/apps/subscription.ts';
import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import { cluster, inventoryOf, keyFor, subscription } from '../../test/scheduling-objects.ts';
import { testPlugins } from '../../test/scheduling-plugins.ts';
import { sum } from '../assign/sum.ts';
import { ClusterIndex } from '../cluster-index.ts';
import { type Decision, place } from '../place.ts';
import { statusAfter } from '../subscription-status.ts';
import { divideReplicas } from './divide-replicas.ts';
import type { PluginFactory, Replicas } from './plugin.ts';
import { buildProfile } from './profile.ts';

const feeds = ['web', 'db', 'config'].map(name => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  namespace: 'qux',
  name,
}));
const [web = '', db = '', config = ''] = feeds.map(feedKey);

/** Which clusters there are, with the replicas of every feed that fit into them. */
interface World {
  readonly clusters: readonly ManagedCluster[];
  readonly room?: Readonly<Record<string, number | Replicas>>;
  /** What a second predictor says of every cluster. */
  readonly most?: number;
  readonly wanted: readonly (number | undefined)[];
  readonly rebalanceDue?: true;
}

async function decide(
  sub: Subscription,
  { clusters, room, most, wanted, rebalanceDue }: World,
): Promise<Decision> {
  const enabled = [...(room ? [{ name: 'Room' }] : []), ...(most ? [{ name: 'Most' }] : [])];
  const plugins = { predict: { enabled, disabled: [{ name: 'Predictor' }] } };
  const factories = new Map<string, PluginFactory>([
    ...testPlugins(),
    ['Most', () => ({ name: 'Most', predict: async () => ({ [web]: most ?? 0 }) })],
    ['Room', () => ({ name: 'Room', predict: async (_, { cluster }) => roomIn(cluster) })],
  ]);
  const roomIn = ({ metadata: { name = '' } }: ManagedCluster) => {
    if (name === 'broken') throw new Error('it does not answer');
    const each = room?.[name] ?? 0;
    return typeof each === 'number' ? { [web]: each, [db]: each } : each;
  };
  const profile = buildProfile({ schedulerName: 'default', plugins }, factories);
  const cycle = {
    subscription: sub,
    inventory: inventoryOf(sub, ...wanted),
    clusters: ClusterIndex.of(clusters),
    bound: new Set(sub.status?.bindingClusters),
    ...(rebalanceDue && { rebalanceDue }),
    notes: new Map(),
  };
  const world = { deleted: new Set<string>(), recentRemovals: 0 };
  const decision = place(profile, cycle, world);
  if (decision.refusal) return decision;
  return divideReplicas(profile, cycle, decision, new AbortController().signal);
}

/** The Subscription once the decision is written. */
function written(sub: Subscription, decision: Decision): Subscription {
  return { ...sub, status: statusAfter(sub, decision, new Date(0)) };
}

function replicasOf(decision: Decision, feed = web): Record<string, number | undefined> {
  const names = (decision.clusters ?? []).map(key => key.split('/')[1]);
  return Object.fromEntries(names.map((name, index) => [name, decision.replicas?.[feed]?.[index]]));
}

function zones(...names: string[]): ManagedCluster[] {
  return names.map(name => cluster(name, { labels: { zone: name } }));
}

const everywhere = [{ clusterAffinity: {} }];

describe('static dividing', () => {
  const weights = (all: Record<string, number>) =>
    Object.entries(all).map(([zone, weight]) => ({
      clusterAffinity: { matchLabels: { zone } },
      weight,
    }));
  const divided = (all: Record<string, number>, status = {}) =>
    subscription({ schedulingStrategy: 'Dividing', subscribers: weights(all), feeds }, status);

  it('divides each feed by weight, in the order of the clusters, and leaves feeds without replicas empty', async () => {
    const decision = await decide(divided({ b: 1, a: 2 }), {
      clusters: zones('b', 'a'),
      wanted: [12, 5],
    });
    assert.deepEqual(decision.clusters, [keyFor('a'), keyFor('b')]);
    assert.deepEqual(decision.replicas, { [web]: [8, 4], [db]: [4, 1], [config]: [] });
  });

  it('adds up the weights of all subscribers a cluster matches, and binds one without weight', async () => {
    const subscribers = [
      { clusterAffinity: { matchLabels: { a: '1' } }, weight: 1 },
      { clusterAffinity: { matchLabels: { a: '2' } }, weight: 0 },
      { clusterAffinity: { matchLabels: { b: '1' } }, weight: 2 },
    ];
    const sub = subscription({ schedulingStrategy: 'Dividing', subscribers, feeds });
    const clusters = [
      cluster('A', { labels: { a: '1' } }),
      cluster('B', { labels: { a: '2' } }),
      cluster('C', { labels: { a: '1', b: '1' } }),
    ];
    const decision = await decide(sub, { clusters, wanted: [12] });
    assert.deepEqual(replicasOf(decision), { A: 3, B: 0, C: 9 });
  });

  it('gives 0 replicas everywhere, and says why, when no cluster has a weight', async () => {
    const decision = await decide(divided({ a: 0, b: 0 }), {
      clusters: zones('a', 'b'),
      wanted: [9],
    });
    assert.deepEqual(replicasOf(decision), { a: 0, b: 0 });
    assert.equal(decision.refusal?.reason, 'NoWeight');
    assert.match(decision.refusal?.message ?? '', /^spec\.subscribers\[\]\.weight: none of the 2/);
  });

  it('keeps the last placement when all weights become zero', async () => {
    const world = { clusters: zones('a', 'b'), wanted: [9] };
    const before = written(divided({ a: 1, b: 2 }), await decide(divided({ a: 1, b: 2 }), world));
    const sub = divided({ a: 0, b: 0 }, before.status);
    const decision = await decide(sub, world);
    assert.equal(decision.refusal?.reason, 'NoWeight');
    assert.deepEqual(written(sub, decision).status?.replicas, before.status?.replicas);
  });

  it('keeps the replicas together with the last placement when no cluster is feasible', async () => {
    const sub = divided({ a: 1, b: 2 });
    const before = written(sub, await decide(sub, { clusters: zones('a', 'b'), wanted: [9] }));
    const lost = await decide(before, { clusters: [cluster('a'), cluster('b')], wanted: [9] });
    assert.equal(lost.refusal?.reason, 'NoFeasibleCluster');
    const { status } = written(before, lost);
    assert.deepEqual(status?.bindingClusters, before.status?.bindingClusters);
    assert.deepEqual(status?.replicas, { [web]: [3, 6], [db]: [], [config]: [] });
  });

  it('moves nothing for a cluster that joins until there is something to divide', async () => {
    const sub = divided({ a: 1, b: 1, c: 1 });
    const first = written(sub, await decide(sub, { clusters: zones('a', 'b'), wanted: [8] }));
    const joined = await decide(first, { clusters: zones('a', 'b', 'c'), wanted: [8] });
    assert.deepEqual(replicasOf(joined), { a: 4, b: 4, c: 0 });
    const more = await decide(written(first, joined), {
      clusters: zones('a', 'b', 'c'),
      wanted: [9],
    });
    assert.deepEqual(replicasOf(more), { a: 3, b: 3, c: 3 });
  });

  it('gives the replicas of a cluster that leaves to the others', async () => {
    const sub = divided({ a: 1, b: 1, c: 2 });
    const first = written(sub, await decide(sub, { clusters: zones('a', 'b', 'c'), wanted: [8] }));
    const decision = await decide(first, {
      clusters: [...zones('a', 'b'), cluster('c')],
      wanted: [8],
    });
    assert.deepEqual(replicasOf(decision), { a: 4, b: 4 });
    assert.deepEqual(decision.removed, [keyFor('c')]);
  });

  it('returns to where it was when replicas go up and down again', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const each = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 4, maxLength: 4 });
    const count = fc.nat({ max: 60 });
    await fc.assert(
      fc.asyncProperty(each, count, count, async (all, few, more) => {
        fc.pre(sum(all) > 0);
        const sub = divided(
          Object.fromEntries(names.map((name, index) => [name, all[index] ?? 0])),
        );
        const at = async (from: Subscription, wanted: number) =>
          written(from, await decide(from, { clusters: zones(...names), wanted: [wanted] }));
        const start = await at(sub, few);
        const back = await at(await at(start, few + more), few);
        assert.deepEqual(back.status?.replicas, start.status?.replicas);
        assert.deepEqual((await at(back, few)).status, back.status);
      }),
    );
  });
});

describe('dynamic dividing', () => {
  const dynamic = (strategy: 'Spread' | 'Binpack' = 'Spread', status = {}) =>
    subscription(
      {
        schedulingStrategy: 'Dividing',
        dividingScheduling: { type: 'Dynamic', dynamicDividing: { strategy } },
        subscribers: everywhere,
        feeds,
      },
      status,
    );

  it('divides by what is free, then only the difference', async () => {
    const clusters = zones('a', 'b', 'c');
    const sub = dynamic();
    const first = await decide(sub, { clusters, room: { a: 3, b: 6, c: 9 }, wanted: [6] });
    assert.deepEqual(replicasOf(first), { a: 1, b: 2, c: 3 });
    const room = { a: 9, b: 0, c: 0 };
    const more = await decide(written(sub, first), { clusters, room, wanted: [8] });
    assert.deepEqual(replicasOf(more), { a: 3, b: 2, c: 3 });
    const less = await decide(written(sub, more), { clusters, room, wanted: [4] });
    assert.deepEqual(replicasOf(less), { a: 1, b: 1, c: 2 });
  });

  it('says how many replicas found room when not all did', async () => {
    const sub = dynamic();
    const decision = await decide(sub, {
      clusters: zones('a', 'b'),
      room: { a: 3, b: 2 },
      wanted: [10],
    });
    assert.deepEqual(replicasOf(decision), { a: 3, b: 2 });
    const [scheduled] = written(sub, decision).status?.conditions ?? [];
    assert.deepEqual(
      [scheduled?.status, scheduled?.reason, scheduled?.message],
      [
        'True',
        'PartiallyScheduled',
        'bound to 2 clusters, with room for 5 of 10 replicas of Deployment qux/web',
      ],
    );
  });

  it('leaves everything alone when nothing fits, and tells full clusters from silent ones', async () => {
    const clusters = zones('a', 'b');
    const full = await decide(dynamic(), { clusters, room: {}, wanted: [10] });
    assert.deepEqual([full.clusters, full.refusal?.reason], [undefined, 'NoCapacity']);
    const silent = await decide(dynamic(), { clusters, wanted: [10] });
    assert.deepEqual([silent.clusters, silent.refusal?.reason], [undefined, 'CapacityUnknown']);
  });

  it('gives nothing new to a cluster whose capacity is not to be had, and says why; the others go on', async () => {
    const clusters = zones('a', 'b', 'broken');
    const decision = await decide(dynamic(), { clusters, room: { a: 5, b: 5 }, wanted: [4] });
    assert.deepEqual(replicasOf(decision), { a: 2, b: 2, broken: 0 });
    const condition = () =>
      written(dynamic(), decision).status?.conditions?.find(
        ({ type }) => type === 'CapacityUnknown',
      );
    assert.equal(condition()?.reason, 'PredictorFailed');
    assert.equal(
      condition()?.message,
      '1 of 3 clusters do not say how many replicas fit: ns-broken/broken (it does not answer)',
    );
    const placed = written(dynamic(), decision);
    const next = async (...wanted: number[]) => {
      const later = await decide(placed, { clusters: zones('a', 'b'), room: { a: 5 }, wanted });
      return written(placed, later).status?.conditions?.map(({ type }) => type);
    };
    assert.deepEqual(await next(4), ['Scheduled', 'CapacityUnknown'], 'nobody was asked again');
    assert.deepEqual(await next(6), ['Scheduled']);
  });

  it('asks no predictor while nothing has to be placed', async () => {
    const status = { bindingClusters: [keyFor('a')], replicas: { [web]: [4] } };
    const room = { a: 9, b: 9 };
    const asked = async (...wanted: number[]) =>
      (await decide(dynamic('Spread', status), { clusters: zones('a', 'b'), room, wanted }))
        .predicted !== undefined;
    assert.deepEqual([await asked(4), await asked(2), await asked(5)], [false, false, true]);
  });

  it('believes the smallest of what several predictors say', async () => {
    const clusters = zones('a', 'b');
    const room = { a: 9, b: 2 };
    const decision = await decide(dynamic(), { clusters, room, most: 4, wanted: [9] });
    assert.deepEqual(replicasOf(decision), { a: 4, b: 2 });
  });

  it('keeps what runs in a cluster whose capacity is not to be had', async () => {
    const status = {
      bindingClusters: [keyFor('a'), keyFor('broken')],
      replicas: { [web]: [1, 4] },
    };
    const decision = await decide(dynamic('Spread', status), {
      clusters: zones('a', 'broken'),
      room: { a: 9 },
      wanted: [8],
    });
    assert.deepEqual(replicasOf(decision), { a: 4, broken: 4 });
  });

  it('says of each cluster why nothing fits when none says how much does', async () => {
    const decision = await decide(dynamic(), { clusters: zones('broken'), room: {}, wanted: [4] });
    assert.equal(decision.refusal?.reason, 'CapacityUnknown');
    assert.match(decision.refusal?.message ?? '', /ns-broken\/broken \(it does not answer\)/);
  });

  it('still withdraws when no cluster says what is free', async () => {
    const status = { bindingClusters: [keyFor('a'), keyFor('b')], replicas: { [web]: [4, 2] } };
    const decision = await decide(dynamic('Spread', status), {
      clusters: zones('a', 'b'),
      wanted: [3],
    });
    assert.deepEqual(replicasOf(decision), { a: 2, b: 1 });
  });

  it('does not promise the room of a cluster to two feeds', async () => {
    const decision = await decide(dynamic(), {
      clusters: zones('a', 'b'),
      room: { a: { [web]: 10, [db]: 20 }, b: { [web]: 10, [db]: 20 } },
      wanted: [10, 40],
    });
    assert.deepEqual(replicasOf(decision, web), { a: 5, b: 5 });
    assert.deepEqual(replicasOf(decision, db), { a: 10, b: 10 });
  });

  it('places nothing new on a cluster that is not ready, and counts what it has', async () => {
    const status = { bindingClusters: [keyFor('a'), keyFor('b')], replicas: { [web]: [4, 2] } };
    const decision = await decide(dynamic('Spread', status), {
      clusters: [cluster('a', { ready: 'Unknown' }), cluster('b')],
      room: { a: 9, b: 9 },
      wanted: [8],
    });
    assert.deepEqual(replicasOf(decision), { a: 4, b: 4 });
  });

  it('lets a cluster that leaves keep what finds no room elsewhere', async () => {
    const subscribers = [{ clusterAffinity: { matchLabels: { zone: 'a' } } }];
    const status = { bindingClusters: [keyFor('a'), keyFor('b')], replicas: { [web]: [4, 5] } };
    const sub = subscription({ ...dynamic().spec, subscribers }, status);
    const some = { clusters: zones('a', 'b'), room: { a: 3 }, wanted: [9] };
    const decision = await decide(sub, some);
    assert.deepEqual(replicasOf(decision), { a: 7, b: 2 });
    assert.deepEqual(decision.removed, []);
    const enough = await decide(sub, { ...some, room: { a: 5 } });
    assert.deepEqual(replicasOf(enough), { a: 9 });
    assert.deepEqual(enough.removed, [keyFor('b')]);
  });

  it('takes few clusters when binpacking, and leaves none it has emptied', async () => {
    const clusters = zones('a', 'b', 'c');
    const room = { a: 3, b: 8, c: 5 };
    const first = await decide(dynamic('Binpack'), { clusters, room, wanted: [10] });
    assert.deepEqual(replicasOf(first), { b: 8, c: 2 });
    const next = written(dynamic('Binpack'), first);
    const less = await decide(next, { clusters, room, wanted: [6] });
    assert.deepEqual(replicasOf(less), { b: 6, c: 0 });
    const none = await decide(dynamic('Binpack'), { clusters, room, wanted: [0] });
    assert.deepEqual(replicasOf(none), { a: 0 });
  });

  describe('with wishes about clusters', () => {
    type Wishes = NonNullable<
      NonNullable<Subscription['spec']['dividingScheduling']>['dynamicDividing']
    >;
    const wishing = (wishes: Partial<Wishes>, status = {}) =>
      subscription(
        {
          ...dynamic().spec,
          dividingScheduling: {
            type: 'Dynamic',
            dynamicDividing: { strategy: 'Spread', ...wishes },
          },
        },
        status,
      );
    const preferring = (zone: string, weight = 50) => ({
      weight,
      preference: { matchExpressions: [{ key: 'zone', operator: 'In', values: [zone] }] },
    });
    const clusters = zones('a', 'b', 'c');

    it('spreads over the domains of a label, and places nothing where the label is missing', async () => {
      const constraint = { topologyKey: 'region', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' };
      const region = (name: string, value?: string) =>
        cluster(name, { labels: value ? { region: value } : {} });
      const world = {
        clusters: [region('a', 'x'), region('b', 'x'), region('c', 'y'), region('d')],
        room: { a: 50, b: 50, c: 3, d: 50 },
        wanted: [9],
      };
      const strict = await decide(wishing({ topologySpreadConstraints: [constraint] }), world);
      assert.deepEqual(replicasOf(strict), { a: 2, b: 2, c: 3, d: 0 });
      assert.match(strict.shortfall ?? '', /room for 7 of 9 replicas/);
      const anyway = { ...constraint, whenUnsatisfiable: 'ScheduleAnyway' };
      const lenient = await decide(wishing({ topologySpreadConstraints: [anyway] }), world);
      assert.deepEqual(replicasOf(lenient), { a: 3, b: 3, c: 3, d: 0 });
    });

    it('fills preferred clusters first', async () => {
      const sub = wishing({ preferredClusters: [preferring('b'), preferring('c', 20)] });
      const decision = await decide(sub, { clusters, room: { a: 9, b: 2, c: 3 }, wanted: [7] });
      assert.deepEqual(replicasOf(decision), { a: 2, b: 2, c: 3 });
    });

    it('uses no more clusters than allowed: those it is bound to, then the preferred, then the roomiest', async () => {
      const world = { clusters, room: { a: 5, b: 9, c: 7 }, wanted: [6] };
      assert.deepEqual(replicasOf(await decide(wishing({ maxClusters: 1 }), world)), { b: 6 });
      const preferred = wishing({ maxClusters: 2, preferredClusters: [preferring('a')] });
      assert.deepEqual(replicasOf(await decide(preferred, world)), { a: 5, b: 1 });
      const status = { bindingClusters: [keyFor('c')], replicas: { [web]: [2] } };
      const bound = wishing({ maxClusters: 2 }, status);
      assert.deepEqual(replicasOf(await decide(bound, world)), { b: 2, c: 4 });
    });

    it('uses at least as many clusters as asked, and says so when there are too few', async () => {
      const world = { clusters, room: { a: 1, b: 1, c: 90 }, wanted: [3] };
      const decision = await decide(wishing({ minClusters: 3 }), world);
      assert.deepEqual(replicasOf(decision), { a: 1, b: 1, c: 1 });
      const few = await decide(wishing({ minClusters: 4 }), world);
      assert.equal(few.refusal?.reason, 'TooFewClusters');
      assert.match(
        few.refusal?.message ?? '',
        /dynamicDividing\.minClusters: there are 3 clusters/,
      );
    });
  });

  for (const wrong of [-5, Number.NaN, 1.9, Number.POSITIVE_INFINITY, 2 ** 60]) {
    it(`survives a prediction of ${wrong}`, async () => {
      const decision = await decide(dynamic(), {
        clusters: zones('a', 'b'),
        room: { a: wrong, b: 1 },
        wanted: [2],
      });
      const replicas = Object.values(replicasOf(decision));
      assert.ok(replicas.every(count => Number.isInteger(count) && (count ?? -1) >= 0));
    });
  }

  it('withdraws nothing without a replacement, whatever leaves and however little is free', async () => {
    const state = fc.record({
      present: fc.nat({ max: 9 }),
      room: fc.nat({ max: 9 }),
      stays: fc.boolean(),
      ready: fc.constantFrom('True' as const, 'Unknown' as const),
    });
    const fleet = fc.array(state, { minLength: 1, maxLength: 9 });
    await fc.assert(
      fc.asyncProperty(fleet, fc.nat({ max: 60 }), fc.boolean(), async (states, wanted, pack) => {
        const names = states.map((_, index) => `c${index}`);
        const clusters = states.map(({ stays, ready }, index) =>
          cluster(names[index] ?? '', { ready, labels: stays ? { app: 'web' } : {} }),
        );
        const before = states.map(({ present }) => present);
        const status = { bindingClusters: names.map(keyFor), replicas: { [web]: before } };
        const { subscribers } = subscription().spec;
        const { spec } = dynamic(pack ? 'Binpack' : 'Spread');
        const sub = subscription({ ...spec, subscribers }, status);
        const room = Object.fromEntries(states.map((each, index) => [names[index], each.room]));
        const after = written(sub, await decide(sub, { clusters, room, wanted: [wanted] }));
        const total = sum(after.status?.replicas?.[web] ?? []);
        assert.ok(total >= Math.min(wanted, sum(before)), `${sum(before)} became ${total}`);
        assert.ok(total <= Math.max(wanted, sum(before)));
      }),
    );
  });

  it('decides the same whatever the order of the clusters', async () => {
    const rooms = fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(rooms, fc.nat({ max: 30 }), fc.boolean(), async (each, wanted, pack) => {
        const names = each.map((_, index) => `c${index}`);
        const room = Object.fromEntries(names.map((name, index) => [name, each[index] ?? 0]));
        const sub = dynamic(pack ? 'Binpack' : 'Spread');
        const clusters = zones(...names);
        const decision = await decide(sub, { clusters, room, wanted: [wanted] });
        const reversed = { clusters: clusters.toReversed(), room, wanted: [wanted] };
        assert.deepEqual((await decide(sub, reversed)).replicas, decision.replicas);
      }),
    );
  });
});

describe('rebalancing', () => {
  const subscribers = [{ clusterAffinity: {}, weight: 1 }];
  const divided = (type: 'Static' | 'Dynamic', policy: 'Never' | 'OnChange' | 'Schedule') =>
    subscription({
      schedulingStrategy: 'Dividing',
      dividingScheduling: { type },
      rebalance: { policy, ...(policy === 'Schedule' && { schedule: '0 2 * * *' }) },
      subscribers,
      feeds,
    });
  /** Divided over a and b, then c has come. */
  async function joined(sub: Subscription, rebalanceDue?: true): Promise<Decision> {
    const before = { clusters: zones('a', 'b'), room: { a: 6, b: 6 }, wanted: [12] };
    const placed = written(sub, await decide(sub, before));
    assert.deepEqual(placed.status?.replicas?.[web], [6, 6]);
    return decide(placed, {
      clusters: zones('a', 'b', 'c'),
      room: { a: 0, b: 0, c: 6 },
      wanted: [12],
      ...(rebalanceDue && { rebalanceDue }),
    });
  }

  for (const type of ['Static', 'Dynamic'] as const) {
    it(`moves nothing of type ${type} by default`, async () => {
      const decision = await joined(divided(type, 'Never'));
      assert.deepEqual(replicasOf(decision), { a: 6, b: 6, c: 0 });
    });

    it(`places type ${type} anew on change when a cluster joins, and then rests`, async () => {
      const sub = divided(type, 'OnChange');
      const decision = await joined(sub);
      assert.deepEqual(replicasOf(decision), { a: 4, b: 4, c: 4 });
      const world = { clusters: zones('a', 'b', 'c'), room: { a: 9, b: 0, c: 1 }, wanted: [12] };
      const after = await decide(written(sub, decision), world);
      assert.deepEqual(after.replicas, decision.replicas);
    });

    it(`places type ${type} anew at a scheduled time, and notes when`, async () => {
      const sub = divided(type, 'Schedule');
      const waiting = await joined(sub);
      assert.deepEqual(replicasOf(waiting), { a: 6, b: 6, c: 0 });
      const decision = await joined(sub, true);
      assert.deepEqual(replicasOf(decision), { a: 4, b: 4, c: 4 });
      assert.equal(written(sub, decision).status?.lastRebalanceTime, '1970-01-01T00:00:00.000Z');
      assert.equal(written(sub, waiting).status?.lastRebalanceTime, undefined);
    });
  }

  it('follows weights that labels change, on change', async () => {
    const zoned = ['a', 'b'].map((zone, index) => ({
      clusterAffinity: { matchLabels: { zone } },
      weight: 1 + 2 * index,
    }));
    const sub = { ...divided('Static', 'OnChange') };
    const weighted = { ...sub, spec: { ...sub.spec, subscribers: zoned } };
    const named = (...all: string[]) =>
      all.map((zone, index) => cluster(`c${index}`, { labels: { zone } }));
    const first = await decide(weighted, { clusters: named('a', 'b'), wanted: [8] });
    assert.deepEqual(replicasOf(first), { c0: 2, c1: 6 });
    const world = { clusters: named('b', 'a'), wanted: [8] };
    assert.deepEqual(replicasOf(await decide(written(weighted, first), world)), { c0: 6, c1: 2 });
  });

  it('leaves where it is what a cluster has that is not ready', async () => {
    const sub = divided('Dynamic', 'Schedule');
    const status = { bindingClusters: [keyFor('a'), keyFor('b')], replicas: { [web]: [8, 0] } };
    const decision = await decide(
      { ...sub, status },
      {
        clusters: [cluster('a', { ready: 'Unknown' }), cluster('b')],
        room: { a: 0, b: 8 },
        wanted: [8],
        rebalanceDue: true,
      },
    );
    assert.deepEqual(replicasOf(decision), { a: 8, b: 0 });
  });

  it('moves nothing while predictions agree with what was placed, and never loses a replica', async () => {
    const rooms = fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 7 });
    await fc.assert(
      fc.asyncProperty(rooms, fc.nat({ max: 50 }), rooms, async (each, wanted, later) => {
        const names = each.map((_, index) => `c${index}`);
        const roomOf = (all: readonly (number | undefined)[]) =>
          Object.fromEntries(names.map((name, index) => [name, all[index] ?? 0]));
        const sub = divided('Dynamic', 'Schedule');
        const world = { clusters: zones(...names), wanted: [wanted], rebalanceDue: true as const };
        const placed = written(sub, await decide(sub, { ...world, room: roomOf(each) }));
        const counts = placed.status?.replicas?.[web] ?? [];
        fc.pre(counts.length > 0);
        const rest = each.map((room, index) => room - (counts[index] ?? 0));
        const same = await decide(placed, { ...world, room: roomOf(rest) });
        assert.deepEqual(same.replicas?.[web], counts);
        const moved = await decide(placed, { ...world, room: roomOf(later) });
        assert.ok(sum(moved.replicas?.[web] ?? []) >= sum(counts));
      }),
    );
  });
});
