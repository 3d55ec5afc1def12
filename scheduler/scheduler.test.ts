import assert from 'node:assert/strict';
import { Registry } from 'prom-client';
import { feedInventories } from '../api/apps/feed-inventory.ts';
import { type Subscription, subscriptions } from '../api/apps/subscription.ts';
import { managedClusters } from '../api/clusters/managed-cluster.ts';
import { findCondition } from '../api/conditions.ts';
import type { Condition } from '../api/kube-object.ts';
import { annotations, labels as wellKnown } from '../api/well-known.ts';
import { builtin } from '../kube/builtin.ts';
import { type Clock, systemClock } from '../reconcile/clock.ts';
import { runController } from '../reconcile/controller.ts';
import { createRuntime, type Runtime } from '../reconcile/runtime.ts';
import { eventually } from '../test/eventually.ts';
import { type FakeApiServer, startFakeApiServer } from '../test/fake-api-server.ts';
import { FakeClock } from '../test/fake-clock.ts';
import { Refusal } from '../test/refusal.ts';
import { cluster, inventoryOf, keyFor, subscription } from '../test/scheduling-objects.ts';
import type { ProfileConfiguration } from './configuration.ts';
import { type FailoverSettings, failoverSettings } from './failover/failover-configuration.ts';
import type { PluginFactory } from './framework/plugin.ts';
import { buildProfile } from './framework/profile.ts';
import { ownPlugins } from './plugin-factories.ts';
import { Scheduler } from './scheduler.ts';
import { schedulingController } from './scheduling-controller.ts';
import { specHash } from './spec-hash.ts';

const labels = { app: 'web' };
const app = { namespace: 'default', name: 'app' };

describe('scheduler', () => {
  let server: FakeApiServer;
  let runtime: Runtime;
  let stop: AbortController;
  let running: Promise<void>;

  beforeEach(async () => {
    server = await startFakeApiServer();
    stop = new AbortController();
    running = Promise.resolve();
  });

  afterEach(async () => {
    await end();
    await server.close();
  });

  async function end(): Promise<void> {
    stop.abort();
    await running;
    await runtime?.events.flush();
    await runtime?.cache.stopped();
  }

  function start(
    profile: ProfileConfiguration = { schedulerName: 'default' },
    foreign: Readonly<Record<string, PluginFactory>> = {},
    clock: Clock = systemClock,
    failover?: FailoverSettings,
  ): void {
    stop = new AbortController();
    const metrics = new Registry();
    const access = server.access();
    runtime = createRuntime({
      access,
      component: 'clusternet-scheduler',
      instance: 'test',
      metrics,
      clock,
    });
    const factories = new Map([...ownPlugins(runtime, undefined), ...Object.entries(foreign)]);
    const scheduler = new Scheduler(runtime, [buildProfile(profile, factories)], failover);
    const controller = schedulingController(scheduler);
    runtime.cache.start(stop.signal);
    running = runController(controller, runtime, stop.signal);
  }

  async function restart(): Promise<void> {
    await end();
    server.requests.length = 0;
    start();
    await idle();
  }

  /** Every Subscription there is has been looked at, and nothing waits or is under way. */
  async function idle(): Promise<void> {
    await eventually(async () => {
      const busy =
        (await sum('workqueue_depth')) + (await sum('controller_runtime_active_workers'));
      return (await sum('controller_runtime_reconcile_total')) > 0 && busy === 0;
    });
  }

  async function sum(name: string): Promise<number> {
    const metric = await runtime.metrics.getSingleMetric(name)?.get();
    return metric?.values.reduce((total, { value }) => total + value, 0) ?? 0;
  }

  function stored(name = 'app'): Subscription | undefined {
    return server.objects.get(subscriptions, { ...app, name });
  }

  function binding(name?: string): string {
    return (stored(name)?.status?.bindingClusters ?? []).join();
  }

  function condition(type = 'Scheduled', name?: string): Condition | undefined {
    return findCondition(stored(name)?.status?.conditions, type);
  }

  function put(...clusters: ReturnType<typeof cluster>[]): void {
    for (const each of clusters) server.objects.put(managedClusters, each);
  }

  async function bound(names: string[]): Promise<void> {
    const check = async () => {
      // A look under way when a test moved its clock comes again a moment after that.
      if (runtime.clock instanceof FakeClock) await runtime.clock.advance(20);
      return binding() === names.map(keyFor).join();
    };
    await eventually(check, { describe: `bound to ${names}` });
  }

  it('binds a Subscription, says so in its status and by an event', async () => {
    put(cluster('b', { labels }), cluster('a', { labels }), cluster('c'));
    server.objects.put(subscriptions, subscription());
    start();
    await bound(['a', 'b']);
    const { status } = stored() ?? {};
    assert.equal(status?.desiredReleases, 2);
    assert.equal(typeof status?.specHash, 'number');
    assert.deepEqual(
      [
        condition()?.status,
        condition()?.reason,
        condition()?.message,
        condition()?.observedGeneration,
      ],
      ['True', 'Scheduled', 'bound to 2 clusters', 1],
    );
    const event = await eventually(() => server.objects.list(builtin.events)[0]);
    assert.deepEqual(
      [event.type, event.reason, event.note],
      ['Normal', 'Scheduled', 'Successfully bound default/app to ns-a/a,ns-b/b'],
    );
  });

  it('leaves what others wrote into the status alone', async () => {
    const theirs: Condition = {
      type: 'FeedsFound',
      status: 'True',
      reason: 'Found',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    };
    const completedReleases = 7;
    put(cluster('a', { labels }));
    server.objects.put(
      subscriptions,
      subscription({}, { conditions: [theirs], completedReleases }),
    );
    start();
    await bound(['a']);
    assert.deepEqual(condition('FeedsFound'), theirs);
    assert.equal(stored()?.status?.completedReleases, 7);
  });

  it('writes nothing after a restart when there is nothing to do', async () => {
    put(cluster('a', { labels }), cluster('b'));
    for (let i = 0; i < 5; i++) {
      server.objects.put(
        subscriptions,
        subscription({}, {}, { name: `app-${i}`, uid: `uid-${i}` }),
      );
    }
    const nowhere = [{ clusterAffinity: { matchLabels: { no: 'such' } } }];
    server.objects.put(subscriptions, subscription({ subscribers: nowhere }));
    start();
    await eventually(() => condition()?.status === 'False');
    await eventually(() => [0, 1, 2, 3, 4].every(i => binding(`app-${i}`) !== ''));
    await runtime.events.flush();
    await restart();
    await runtime.events.flush();
    assert.deepEqual(server.writes(), []);
  });

  it('follows clusters that come, change their labels and go', async () => {
    put(cluster('a', { labels }));
    server.objects.put(subscriptions, subscription());
    start();
    await bound(['a']);
    put(cluster('b', { labels }), cluster('c'));
    await bound(['a', 'b']);
    put(cluster('c', { labels }));
    await bound(['a', 'b', 'c']);
    put(cluster('a'));
    await bound(['b', 'c']);
    server.objects.remove(managedClusters, cluster('b').metadata);
    await bound(['c']);
  });

  it('changes neither placement nor status while bound clusters are not ready or tainted', async () => {
    put(cluster('a', { labels }), cluster('b', { labels }));
    server.objects.put(subscriptions, subscription());
    start();
    const database = [{ clusterAffinity: { matchLabels: { app: 'db' } } }];
    const metadata = { name: 'database', uid: 'uid-database' };
    server.objects.put(subscriptions, subscription({ subscribers: database }, {}, metadata));
    await bound(['a', 'b']);
    await idle();
    const before = stored()?.metadata.resourceVersion;
    const taints = [
      { key: 'clusters.clusternet.io/unschedulable', effect: 'NoSchedule' },
      { key: 'evacuate', effect: 'NoExecute' },
    ];
    put(
      cluster('a', { labels, ready: 'Unknown', taints }),
      cluster('b', { labels, ready: 'False', taints }),
    );
    put(cluster('c', { labels, ready: 'Unknown' }));
    // The scheduler has seen all of this when it has acted on what came after it.
    put(cluster('d', { labels: { app: 'db' } }));
    await eventually(() => binding('database') === keyFor('d'));
    await idle();
    assert.equal(stored()?.metadata.resourceVersion, before);
  });

  it('keeps the last placement when no cluster is feasible any more, and recovers by itself', async () => {
    put(cluster('a', { labels }));
    server.objects.put(subscriptions, subscription());
    start();
    await bound(['a']);
    put(cluster('a'));
    await eventually(() => condition()?.reason === 'NoFeasibleCluster');
    assert.equal(binding(), keyFor('a'));
    await eventually(() =>
      server.objects.list(builtin.events).some(({ reason }) => reason === 'FailedScheduling'),
    );
    put(cluster('b', { labels }));
    await bound(['b']);
    assert.equal(condition()?.status, 'True');
  });

  it('never honours a Subscription in a namespace that belongs to a cluster', async () => {
    server.objects.put(builtin.namespaces, {
      metadata: { name: 'default', labels: { [wellKnown.clusterId]: 'some-id' } },
    });
    put(cluster('a', { labels }));
    server.objects.put(subscriptions, subscription());
    start();
    await eventually(() => condition()?.reason === 'NamespaceNotAllowed');
    assert.equal(binding(), '');
    server.objects.put(builtin.namespaces, { metadata: { name: 'default' } });
    await bound(['a']);
  });

  it('says clearly that it cannot divide replicas when nothing is enabled that does', async () => {
    put(cluster('a', { labels }));
    server.objects.put(subscriptions, subscription({ schedulingStrategy: 'Dividing' }));
    const disabled = { disabled: [{ name: '*' }] };
    start({ schedulerName: 'default', plugins: { assign: disabled } });
    await eventually(() => condition()?.reason === 'DividingNotSupported');
    assert.match(condition()?.message ?? '', /^spec\.schedulingStrategy: .* use Replication/);
    assert.equal(binding(), '');
  });

  it('divides as soon as there is an inventory, and anew when that changes', async () => {
    put(cluster('a', { labels }), cluster('b', { labels }));
    const subscribers = [{ clusterAffinity: { matchLabels: labels }, weight: 1 }];
    const dividing = subscription({ schedulingStrategy: 'Dividing', subscribers });
    server.objects.put(subscriptions, dividing);
    start();
    await eventually(() => condition()?.reason === 'FeedInventoryMissing');
    assert.equal(binding(), '');
    server.objects.put(feedInventories, inventoryOf(dividing, 5));
    await bound(['a', 'b']);
    const feed = 'apps/v1/Deployment/qux/nginx';
    assert.deepEqual(stored()?.status?.replicas, { [feed]: [3, 2] });
    server.objects.put(feedInventories, inventoryOf(dividing, 8));
    await eventually(() => stored()?.status?.replicas?.[feed]?.join() === '4,4');
    server.objects.remove(feedInventories, app);
    await eventually(() => condition()?.reason === 'FeedInventoryMissing');
    assert.deepEqual(stored()?.status?.replicas, { [feed]: [4, 4] });
    await restart();
    await runtime.events.flush();
    assert.deepEqual(server.writes(), []);
  });

  it('names the field of a malformed selector, rests, and goes on once it is mended', async () => {
    put(cluster('a', { labels }));
    const broken = [{ clusterAffinity: { matchExpressions: [{ key: 'app', operator: 'In' }] } }];
    server.objects.put(subscriptions, subscription({ subscribers: broken }));
    start();
    await eventually(() => condition()?.reason === 'InvalidSelector');
    assert.match(
      condition()?.message ?? '',
      /matchExpressions\[0\]\.values: In needs at least one value/,
    );
    await idle();
    assert.equal(await sum('workqueue_retries_total'), 0, 'nobody tries again before it changes');
    server.objects.put(subscriptions, subscription({}, stored()?.status, { generation: 2 }));
    await bound(['a']);
  });

  it('leaves Subscriptions of other schedulers alone', async () => {
    put(cluster('a', { labels }));
    server.objects.put(subscriptions, subscription({ schedulerName: 'another' }));
    server.objects.put(subscriptions, subscription({}, {}, { name: 'ours', uid: 'uid-ours' }));
    start();
    await eventually(() => binding('ours') !== '');
    assert.deepEqual(stored()?.status, {});
  });

  it('holds a mass of removals until they are confirmed, also after a restart', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `c${10 + index}`);
    put(...names.map(name => cluster(name, { labels })), cluster('z', { labels }));
    server.objects.put(subscriptions, subscription());
    start();
    await bound([...names, 'z']);
    put(...names.map(name => cluster(name)));
    await eventually(() => condition('MassChange'));
    await bound([...names.slice(5), 'z']);
    assert.equal(condition('MassChange')?.reason, 'RemovalsHeld');
    assert.match(condition('MassChange')?.message ?? '', /confirm-mass-change: "1"/);
    await restart();
    assert.deepEqual(server.writes(), []);
    const confirm = { [annotations.confirmMassChange]: '1' };
    server.objects.put(subscriptions, { ...stored(), metadata: { ...app, annotations: confirm } });
    await bound(['z']);
    assert.equal(condition('MassChange'), undefined);
  });

  it('looks again only at Subscriptions that a cluster event can affect', async () => {
    put(cluster('a', { labels }));
    server.objects.put(subscriptions, subscription());
    const others = [{ clusterAffinity: { matchLabels: { app: 'db' } } }];
    for (let i = 0; i < 20; i++) {
      const metadata = { name: `other-${i}`, uid: `uid-${i}` };
      server.objects.put(subscriptions, subscription({ subscribers: others }, {}, metadata));
    }
    start();
    await bound(['a']);
    await eventually(() =>
      Array.from({ length: 20 }, (_, i) => condition('Scheduled', `other-${i}`)).every(Boolean),
    );
    await idle();
    const attempts = () => sum('clusternet_scheduler_schedule_attempts_total');
    const before = await attempts();
    put(cluster('b', { labels }));
    await bound(['a', 'b']);
    await idle();
    assert.ok((await attempts()) - before <= 2);
  });

  it('takes a placement through the plugins of a profile, and lets them stop it', async () => {
    put(cluster('a', { labels }));
    const calls: string[] = [];
    let allowed = false;
    const spy: PluginFactory = args => ({
      name: 'Spy',
      reserve: () => void calls.push(`reserve ${args}`),
      unreserve: () => void calls.push('unreserve'),
      permit: async () => (allowed ? undefined : { reason: 'Closed', message: 'come back later' }),
      postBind: () => void calls.push('postBind'),
    });
    const enabled = { enabled: [{ name: 'Spy' }] };
    server.objects.put(subscriptions, subscription());
    start(
      {
        schedulerName: 'default',
        plugins: { reserve: enabled, permit: enabled, postBind: enabled },
        pluginConfig: [{ name: 'Spy', args: 'twice' }],
      },
      { Spy: spy },
    );
    await eventually(() => condition()?.reason === 'Closed');
    assert.equal(binding(), '');
    allowed = true;
    server.objects.put(subscriptions, subscription({}, stored()?.status, { generation: 2 }));
    await bound(['a']);
    await eventually(() => calls.includes('postBind'));
    assert.deepEqual(new Set(calls), new Set(['reserve twice', 'unreserve', 'postBind']));
  });

  it('divides replicas with a plugin that can, in the order of the clusters', async () => {
    put(cluster('b', { labels }), cluster('a', { labels }));
    const feed = 'apps/v1/Deployment/qux/nginx';
    const divider: PluginFactory = () => ({
      name: 'Divider',
      predict: async (_cycle, { cluster: { metadata } }) => ({
        [feed]: metadata.name === 'a' ? 1 : 5,
      }),
      assign: (_cycle, candidates) => ({
        clusters: candidates.map(({ key }) => key),
        replicas: { [feed]: candidates.map(({ capacity = {} }) => capacity[feed] ?? 0) },
      }),
    });
    const enabled = { enabled: [{ name: 'Divider' }] };
    const instead = { ...enabled, disabled: [{ name: '*' }] };
    const dividing = subscription({
      schedulingStrategy: 'Dividing',
      dividingScheduling: { type: 'Dynamic' },
    });
    server.objects.put(subscriptions, dividing);
    server.objects.put(feedInventories, inventoryOf(dividing, 6));
    start(
      { schedulerName: 'default', plugins: { predict: instead, assign: instead } },
      { Divider: divider },
    );
    await bound(['a', 'b']);
    assert.deepEqual(stored()?.status?.replicas, { [feed]: [1, 5] });
  });

  it('divides by what predictors say, without the cluster whose predictor does not, and asks that one again', async () => {
    const feed = 'apps/v1/Deployment/qux/nginx';
    const predicting = (name: string, clusterId: string) => {
      const { spec, status, ...rest } = cluster(name, { labels });
      put({ ...rest, spec: { ...spec, clusterId }, status: { ...status, predictorEnabled: true } });
    };
    const answering = (clusterId: string, answer: () => unknown) =>
      server.answer(
        'POST',
        `/apis/proxies.clusternet.io/v1alpha1/sockets/${clusterId}/predict`,
        answer,
      );
    predicting('a', 'id-a');
    predicting('b', 'id-b');
    let connected = false;
    answering('id-a', () => ({ replicas: { default: 2 } }));
    answering('id-b', () => {
      if (connected) return { replicas: { default: 9 } };
      throw new Refusal(503, 'ServiceUnavailable', 'it is not connected');
    });
    const dividing = subscription({
      schedulingStrategy: 'Dividing',
      dividingScheduling: { type: 'Dynamic' },
    });
    server.objects.put(subscriptions, dividing);
    server.objects.put(feedInventories, inventoryOf(dividing, 6));
    const clock = new FakeClock();
    start(undefined, undefined, clock);
    await bound(['a', 'b']);
    assert.deepEqual(stored()?.status?.replicas, { [feed]: [2, 0] });
    assert.equal(condition('CapacityUnknown')?.reason, 'PredictorUnreachable');
    assert.match(condition('CapacityUnknown')?.message ?? '', /ns-b\/b \(.*it is not connected\)/);
    assert.equal(condition()?.reason, 'PartiallyScheduled');
    connected = true;
    await eventually(async () => {
      await clock.advance(30_000);
      return condition('CapacityUnknown') === undefined;
    });
    // Whether "a" was given more before "b" could be asked again is a matter of moments.
    const [a = 0, b = 0] = stored()?.status?.replicas?.[feed] ?? [];
    assert.deepEqual([a + b, a > 2, b > 0], [6, true, true]);
    assert.equal(condition()?.reason, 'Scheduled');
  });

  it('rebalances at a scheduled time, and notes when it did', async () => {
    put(cluster('a', { labels }), cluster('b', { labels }));
    const subscribers = [{ clusterAffinity: { matchLabels: labels }, weight: 1 }];
    const rebalance = { policy: 'Schedule' as const, schedule: '* * * * *' };
    const dividing = subscription({ schedulingStrategy: 'Dividing', subscribers, rebalance });
    const replicas = { 'apps/v1/Deployment/qux/nginx': [6, 0] };
    const bindingClusters = ['a', 'b'].map(keyFor);
    const status = { bindingClusters, replicas, specHash: specHash(dividing.spec) };
    server.objects.put(subscriptions, { ...dividing, status });
    server.objects.put(feedInventories, inventoryOf(dividing, 6));
    start();
    await eventually(() => stored()?.status?.lastRebalanceTime);
    assert.deepEqual(Object.values(stored()?.status?.replicas ?? {}), [[3, 3]]);
  });

  /** Bound to these, where the one named says that every feed is available. */
  function deployed(names: string[], healthy: string, spec: Partial<Subscription['spec']> = {}) {
    const subject = subscription(spec, { bindingClusters: names.map(keyFor) });
    const aggregatedStatuses = subject.spec.feeds.map(feed => ({
      ...feed,
      feedStatusDetails: [{ clusterId: healthy, available: true }],
    }));
    return { ...subject, status: { ...subject.status, aggregatedStatuses } };
  }

  function withId(name: string, options: Parameters<typeof cluster>[1] = {}) {
    const each = cluster(name, { labels, ...options });
    return { ...each, spec: { ...each.spec, clusterId: name } };
  }

  it('leaves a cluster when the toleration of its taint runs out, and says so', async () => {
    const timeAdded = '2026-01-01T00:00:00Z';
    const taints = [{ key: 'evacuate', effect: 'NoExecute', timeAdded }];
    const toleration = { key: 'evacuate', operator: 'Exists', tolerationSeconds: 600 };
    put(withId('a', { taints }), withId('b'));
    const subject = deployed(['a', 'b'], 'b', { clusterTolerations: [toleration] });
    server.objects.put(subscriptions, subject);
    const clock = new FakeClock('2026-01-01T00:00:00.000Z');
    start(undefined, undefined, clock, failoverSettings());
    await eventually(() => condition()?.status === 'True');
    await idle();
    await clock.advance(599_000);
    await idle();
    await bound(['a', 'b']);
    await clock.advance(1_000);
    await bound(['b']);
    // Nothing comes back to where it would have to leave again.
    await idle();
    assert.equal(binding(), keyFor('b'));
    // Told after it is written.
    await eventually(() => {
      const reasons = server.objects.list(builtin.events).map(({ reason }) => reason);
      return reasons.includes('Evicting') && reasons.includes('Evicted');
    });
  });

  it('leaves a cluster that is not ready for longer than the grace, and none without the gate', async () => {
    put(withId('a', { ready: 'Unknown' }), withId('b'));
    server.objects.put(subscriptions, deployed(['a', 'b'], 'b'));
    const clock = new FakeClock('2026-01-01T00:04:59.000Z');
    start(undefined, undefined, clock);
    await eventually(() => condition()?.status === 'True');
    await clock.advance(3_600_000);
    await idle();
    await bound(['a', 'b']);
    await end();
    const again = new FakeClock('2026-01-01T00:04:59.000Z');
    start(undefined, undefined, again, failoverSettings());
    await idle();
    await bound(['a', 'b']);
    await again.advance(1_000);
    await bound(['b']);
  });

  it('cancels an eviction a minute after the cluster is ready again, and takes back what joined for it', async () => {
    const groups = [{ clusterAffinity: {}, subGroupStrategy: { minClusters: 1 } }];
    const subject = deployed(['a'], 'a', { schedulingBySubGroup: true, subscribers: groups });
    put(withId('a', { ready: 'Unknown' }), withId('b'));
    server.objects.put(subscriptions, subject);
    const clock = new FakeClock('2026-01-01T01:00:00.000Z');
    start(undefined, undefined, clock, failoverSettings());
    await bound(['a', 'b']);
    const back = withId('a');
    const conditions = (back.status?.conditions ?? []).map(each => ({
      ...each,
      lastTransitionTime: '2026-01-01T01:00:00Z',
    }));
    put({ ...back, status: { conditions } });
    await eventually(() => condition('Evicting')?.reason === 'ReturnedNotHealthy');
    await idle();
    await bound(['a', 'b']);
    await eventually(async () => {
      await clock.advance(30_000);
      return binding() === keyFor('a');
    });
    assert.ok(clock.now() >= new Date('2026-01-01T01:01:00Z'), clock.now().toISOString());
    assert.equal(condition('Evicting'), undefined);
    // Told after it is written.
    await eventually(() =>
      server.objects.list(builtin.events).some(({ reason }) => reason === 'EvictionCancelled'),
    );
    assert.equal(await sum('clusternet_scheduler_evictions_total'), 2);
  });

  it('goes on after a restart with evictions that were recorded, and starts none twice', async () => {
    const names = ['a', 'b'];
    put(withId('a', { ready: 'Unknown' }), withId('b'));
    const subject = deployed(names, 'nobody');
    server.objects.put(subscriptions, subject);
    start(undefined, undefined, undefined, failoverSettings());
    await eventually(() => condition('Evicting')?.reason === 'ReplacementsPending');
    const startTime = stored()?.status?.failover?.evictions[0]?.startTime;
    await idle();
    await end();
    server.requests.length = 0;
    start(undefined, undefined, undefined, failoverSettings());
    await idle();
    assert.deepEqual(
      server.requests.filter(({ method }) => method !== 'GET').map(({ path }) => path),
      [],
    );
    assert.equal(stored()?.status?.failover?.evictions[0]?.startTime, startTime);
    const now = stored();
    assert.ok(now);
    const { aggregatedStatuses } = deployed(names, 'b').status;
    server.objects.put(subscriptions, { ...now, status: { ...now.status, aggregatedStatuses } });
    await bound(['b']);
    assert.equal(stored()?.status?.failover, undefined);
  });

  it('decides about others while one is still being written', async () => {
    put(cluster('a', { labels }));
    server.failNext({ method: 'PATCH', path: /slow/, with: 'hang' });
    for (const name of ['slow', 'other-1', 'other-2']) {
      server.objects.put(subscriptions, subscription({}, {}, { name, uid: `uid-${name}` }));
    }
    start();
    await eventually(() => binding('other-1') !== '' && binding('other-2') !== '');
    assert.equal(binding('slow'), '');
  });

  it('takes the higher priority first', async () => {
    put(cluster('a', { labels }));
    const order: string[] = [];
    const spy: PluginFactory = () => ({
      name: 'Spy',
      preFilter: cycle => void order.push(cycle.subscription.metadata.name ?? ''),
    });
    for (const [name, priority] of [['low', -1], ['usual'], ['high', 7], ['higher', 8]] as const) {
      const wanting = subscription(
        priority === undefined ? {} : { priority },
        {},
        { name, uid: `uid-${name}` },
      );
      server.objects.put(subscriptions, wanting);
    }
    const plugins = { preFilter: { enabled: [{ name: 'Spy' }] } };
    start({ schedulerName: 'default', plugins }, { Spy: spy });
    await eventually(() => order.length >= 4);
    assert.deepEqual(order.slice(0, 4), ['higher', 'high', 'usual', 'low']);
  });

  it('tries again when the API server refuses a write', async () => {
    put(cluster('a', { labels }));
    server.failNext({ method: 'PATCH', path: /subscriptions/, with: 500 });
    server.objects.put(subscriptions, subscription());
    start();
    await bound(['a']);
  });
});
