import assert from 'node:assert/strict';
import { Registry } from 'prom-client';
import { explaining, parseExplanation } from '../../api/apps/explanation.ts';
import { feedInventories } from '../../api/apps/feed-inventory.ts';
import { subscriptions } from '../../api/apps/subscription.ts';
import { managedClusters } from '../../api/clusters/managed-cluster.ts';
import { builtin } from '../../kube/builtin.ts';
import { runController } from '../../reconcile/controller.ts';
import { createRuntime, type Runtime } from '../../reconcile/runtime.ts';
import { eventually } from '../../test/eventually.ts';
import { type FakeApiServer, startFakeApiServer } from '../../test/fake-api-server.ts';
import { FakeClock } from '../../test/fake-clock.ts';
import { cluster, inventoryOf, keyFor, subscription } from '../../test/scheduling-objects.ts';
import { buildProfile } from '../framework/profile.ts';
import { ownPlugins } from '../plugin-factories.ts';
import { Scheduler } from '../scheduler.ts';
import { explainingController } from './explaining-controller.ts';

const labels = { app: 'web' };
const app = { namespace: 'default', name: 'app' };
const answer = { namespace: 'default', name: 'app-explain' };

describe('explaining', () => {
  let server: FakeApiServer;
  let runtime: Runtime;
  let stop: AbortController;
  let running: Promise<void>;
  let clock: FakeClock;

  beforeEach(async () => {
    server = await startFakeApiServer();
    clock = new FakeClock();
    running = Promise.resolve();
  });

  afterEach(async () => {
    await end();
    await server.close();
  });

  async function end(): Promise<void> {
    stop.abort();
    await running;
    await runtime.events.flush();
    await runtime.cache.stopped();
  }

  function start(): void {
    stop = new AbortController();
    runtime = createRuntime({
      access: server.access(),
      component: 'clusternet-scheduler',
      instance: 'test',
      metrics: new Registry(),
      clock,
    });
    const factories = ownPlugins(runtime, undefined);
    const scheduler = new Scheduler(runtime, [
      buildProfile({ schedulerName: 'default' }, factories),
    ]);
    const controller = explainingController(scheduler, runtime);
    runtime.cache.start(stop.signal);
    running = runController(controller, runtime, stop.signal);
  }

  function ask(id: string, asking = subscription()): void {
    const { metadata } = asking;
    const annotations = { [explaining.annotation]: id };
    server.objects.put(subscriptions, { ...asking, metadata: { ...metadata, annotations } });
  }

  async function answered(id: string) {
    const map = await eventually(() => {
      const found = server.objects.get(builtin.configMaps, answer);
      return found?.metadata.annotations?.[explaining.annotation] === id ? found : undefined;
    });
    return { map, explanation: parseExplanation(map.data?.[explaining.dataKey] ?? '') };
  }

  const now = () => clock.now().toISOString();

  it('says of each cluster which plugin said what, and changes nothing', async () => {
    const taints = [{ key: 'broken', effect: 'NoSchedule' }];
    server.objects.put(managedClusters, cluster('a', { labels }));
    server.objects.put(managedClusters, cluster('b', { labels, taints, ready: 'False' }));
    server.objects.put(managedClusters, cluster('other'));
    start();
    ask(now());
    const { map, explanation } = await answered(now());
    assert.deepEqual(
      explanation.clusters.map(({ key, fate, said }) => [key, fate, said]),
      [
        [keyFor('a'), 'Chosen', []],
        [
          keyFor('b'),
          'Rejected',
          [
            {
              plugin: 'TaintToleration',
              reason: 'have the taint broken:NoSchedule, which is not tolerated',
              evicts: false,
            },
            { plugin: 'Readiness', reason: 'are not ready', evicts: false },
          ],
        ],
        [
          keyFor('other'),
          'Rejected',
          [{ plugin: 'ClusterAffinity', reason: 'do not match any subscriber', evicts: true }],
        ],
      ],
    );
    assert.deepEqual(explanation.clusters[0]?.scores[0], {
      plugin: 'TaintToleration',
      weight: 3,
      score: 100,
    });
    assert.deepEqual(explanation.verdict, {
      status: 'True',
      reason: 'Scheduled',
      message: 'bound to 1 cluster',
    });
    assert.deepEqual(map.metadata.ownerReferences, [
      {
        apiVersion: 'apps.clusternet.io/v1alpha1',
        kind: 'Subscription',
        name: 'app',
        uid: 'uid-app',
      },
    ]);
    assert.deepEqual(server.objects.get(subscriptions, app)?.status, {});
    assert.deepEqual(
      server.writes().map(({ method, path }) => `${method} ${path}`),
      ['POST /api/v1/namespaces/default/configmaps'],
    );
  });

  it('shows the arithmetic of dividing', async () => {
    server.objects.put(managedClusters, cluster('a', { labels }));
    server.objects.put(managedClusters, cluster('b', { labels: { ...labels, big: 'yes' } }));
    const subscribers = [
      { clusterAffinity: { matchLabels: labels }, weight: 1 },
      { clusterAffinity: { matchLabels: { big: 'yes' } }, weight: 1 },
    ];
    const asking = subscription({ schedulingStrategy: 'Dividing', subscribers });
    server.objects.put(feedInventories, inventoryOf(asking, 12));
    start();
    ask(now(), asking);
    const { explanation } = await answered(now());
    const feed = 'apps/v1/Deployment/qux/nginx';
    assert.equal(explanation.dividing, 'Static');
    assert.deepEqual(explanation.feeds, [{ feed, wanted: 12, placed: 12 }]);
    assert.deepEqual(
      explanation.clusters.map(({ shares }) => shares),
      [[{ feed, by: 1, had: 0, gets: 4 }], [{ feed, by: 2, had: 0, gets: 8 }]],
    );
  });

  it('answers each question once, also after a restart, and another one anew', async () => {
    server.objects.put(managedClusters, cluster('a', { labels }));
    start();
    const first = now();
    ask(first);
    await answered(first);
    await end();
    server.requests.length = 0;
    start();
    await eventually(() => server.requests.some(({ path }) => path.endsWith('/app-explain')));
    const second = new Date(clock.now().getTime() + 1000).toISOString();
    ask(second);
    await answered(second);
    assert.deepEqual(
      server.writes().map(({ method }) => method),
      ['DELETE', 'POST'],
    );
  });

  it('clears an answer away after ten minutes', async () => {
    server.objects.put(managedClusters, cluster('a', { labels }));
    start();
    ask(now());
    await answered(now());
    await eventually(() => clock.pending === 1);
    await clock.advance(explaining.validMs - 1);
    assert.ok(server.objects.get(builtin.configMaps, answer));
    await clock.advance(1);
    await eventually(() => server.objects.get(builtin.configMaps, answer) === undefined);
  });

  it('clears an old answer away when it starts, and answers no old question', async () => {
    start();
    ask(now());
    await answered(now());
    await end();
    await clock.advance(explaining.validMs);
    server.requests.length = 0;
    start();
    await eventually(() => server.objects.get(builtin.configMaps, answer) === undefined);
    assert.deepEqual(
      server.writes().map(({ method }) => method),
      ['DELETE'],
    );
  });

  it("leaves somebody else's ConfigMap alone and says so", async () => {
    const theirs = { ...answer };
    server.objects.put(builtin.configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: theirs,
      data: { precious: 'yes' },
    });
    start();
    ask(now());
    const event = await eventually(() => server.objects.list(builtin.events)[0]);
    assert.equal(event.reason, 'ExplanationRefused');
    await clock.advance(explaining.validMs);
    await eventually(() => clock.pending === 0);
    assert.deepEqual(server.objects.get(builtin.configMaps, answer)?.data, { precious: 'yes' });
  });
});
