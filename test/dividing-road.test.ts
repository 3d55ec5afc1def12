import assert from 'node:assert/strict';
import { Registry } from 'prom-client';
import { descriptions } from '../api/apps/description.ts';
import { type Feed, feedKey } from '../api/apps/feed.ts';
import { feedInventories } from '../api/apps/feed-inventory.ts';
import { helmCharts } from '../api/apps/helm-chart.ts';
import { manifests } from '../api/apps/manifest.ts';
import { resourceInterpreters } from '../api/apps/resource-interpreter.ts';
import { subscriptions } from '../api/apps/subscription.ts';
import { managedClusters } from '../api/clusters/managed-cluster.ts';
import { findCondition } from '../api/conditions.ts';
import { deliveryController } from '../hub/deliver/delivery-controller.ts';
import { feedInventoryController } from '../hub/feed-inventory/feed-inventory-controller.ts';
import { InterpreterSet } from '../hub/interpreters/interpreter-set.ts';
import { runController } from '../reconcile/controller.ts';
import { createLogger } from '../reconcile/logger.ts';
import { createRuntime, type Runtime } from '../reconcile/runtime.ts';
import { buildProfile } from '../scheduler/framework/profile.ts';
import { ownPlugins } from '../scheduler/plugin-factories.ts';
import { Scheduler } from '../scheduler/scheduler.ts';
import { schedulingController } from '../scheduler/scheduling-controller.ts';
import { eventually } from './eventually.ts';
import { type FakeApiServer, startFakeApiServer } from './fake-api-server.ts';
import { cluster, subscription } from './scheduling-objects.ts';

const reserved = 'clusternet-reserved';
const app = { namespace: 'default', name: 'app' };
const web: Feed = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'qux', name: 'web' };
const farm: Feed = { apiVersion: 'a.test/v1', kind: 'Farm', namespace: 'qux', name: 'north' };
const config: Feed = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'qux', name: 'web' };
const chart: Feed = {
  apiVersion: 'apps.clusternet.io/v1alpha1',
  kind: 'HelmChart',
  namespace: 'qux',
  name: 'cache',
};

describe('the road of what is divided, hub and scheduler together', () => {
  let server: FakeApiServer;
  let stop: AbortController;
  let runtimes: Runtime[];
  let running: Promise<unknown>[];

  beforeEach(async () => {
    server = await startFakeApiServer();
    stop = new AbortController();
    runtimes = [];
    running = [];
    for (const [name, weight] of Object.entries({ a: '1', b: '2' })) {
      server.objects.put(managedClusters, cluster(name, { labels: { weight } }));
    }
    startScheduler();
  });

  afterEach(async () => {
    stop.abort();
    await Promise.all(running);
    for (const { events, cache } of runtimes) {
      await events.flush();
      await cache.stopped();
    }
    await server.close();
  });

  function runtimeOf(component: string): Runtime {
    const runtime = createRuntime({
      access: server.access(),
      component,
      instance: 'test',
      metrics: new Registry(),
      logger: createLogger('test', { write: () => true }),
    });
    runtimes.push(runtime);
    return runtime;
  }

  function startHub(feedInventory = true): void {
    const hub = runtimeOf('clusternet-hub');
    const interpreters = new InterpreterSet(hub.cache.informer(resourceInterpreters));
    const controllers = [
      deliveryController(hub, reserved),
      ...(feedInventory ? [feedInventoryController(hub, reserved, interpreters)] : []),
    ];
    hub.cache.start(stop.signal);
    running.push(...controllers.map(each => runController(each, hub, stop.signal)));
  }

  function startScheduler(): void {
    const runtime = runtimeOf('clusternet-scheduler');
    const factories = new Map(ownPlugins(runtime, undefined));
    const profile = buildProfile({ schedulerName: 'default' }, factories);
    const controller = schedulingController(new Scheduler(runtime, [profile]));
    runtime.cache.start(stop.signal);
    running.push(runController(controller, runtime, stop.signal));
  }

  function put({ apiVersion, kind, ...metadata }: Feed, spec: object = {}): void {
    const name = `${kind}-${metadata.name}`.toLowerCase();
    const template = { apiVersion, kind, metadata, spec };
    server.objects.put(manifests, { metadata: { namespace: reserved, name }, template });
  }

  function divide(feeds: readonly Feed[], generation = 1): void {
    const weighted = (weight: string) => ({
      clusterAffinity: { matchLabels: { weight } },
      weight: Number(weight),
    });
    const spec = {
      schedulingStrategy: 'Dividing',
      subscribers: [weighted('1'), weighted('2')],
      feeds,
    } as const;
    server.objects.put(subscriptions, subscription(spec, stored()?.status, { generation }));
  }

  const stored = () => server.objects.get(subscriptions, app);
  const reason = (type: string) => findCondition(stored()?.status?.conditions, type)?.reason;

  /** The spec of every object a cluster is given, by kind. */
  function given(name: string): Record<string, unknown> {
    const description = server.objects
      .list(descriptions)
      .find(({ metadata }) => metadata.namespace === `ns-${name}`);
    const objects = (description?.spec.raw ?? []).map(raw =>
      JSON.parse(Buffer.from(raw, 'base64').toString()),
    );
    return Object.fromEntries(objects.map(({ kind, spec }) => [kind, spec]));
  }

  const untilGiven = (a: object, b: object) =>
    eventually(() => {
      const found = [given('a'), given('b')];
      if (JSON.stringify(found) === JSON.stringify([a, b])) return true;
      throw new Error(`${JSON.stringify(found)} ${JSON.stringify(stored()?.status)}`);
    });

  it('gives each cluster its share, and another one when there are more replicas', async () => {
    startHub();
    put(web, { replicas: 12 });
    put(config);
    divide([web, config]);
    const shares = (a: number, b: number) =>
      [a, b].map(replicas => ({ Deployment: { replicas }, ConfigMap: {} })) as [object, object];
    await untilGiven(...shares(4, 8));
    put(web, { replicas: 6 });
    await untilGiven(...shares(2, 4));
    put(web);
    await untilGiven(...shares(0, 1));
    assert.equal(reason('Rendered'), 'Rendered');
  });

  it('divides a kind of its own by a ResourceInterpreter', async () => {
    startHub();
    const target = { apiVersion: farm.apiVersion, kind: farm.kind };
    const replicas = { path: '.spec.barns' };
    server.objects.put(resourceInterpreters, {
      metadata: { name: 'farms' },
      spec: { target, replicas },
    });
    put(farm, { barns: 9 });
    divide([farm]);
    await untilGiven({ Farm: { barns: 3 } }, { Farm: { barns: 6 } });
  });

  it('keeps what is deployed while a new feed is missing, and delivers all when it is there', async () => {
    startHub();
    put(web, { replicas: 3 });
    divide([web]);
    await untilGiven({ Deployment: { replicas: 1 } }, { Deployment: { replicas: 2 } });
    divide([web, config], 2);
    await eventually(() => reason('FeedsFound') === 'ManifestMissing');
    await eventually(() => reason('Scheduled') === 'FeedInventoryMissing');
    await untilGiven({ Deployment: { replicas: 1 } }, { Deployment: { replicas: 2 } });
    put(config);
    const all = (replicas: number) => ({ Deployment: { replicas }, ConfigMap: {} });
    await untilGiven(all(1), all(2));
    await eventually(() => reason('FeedsFound') === 'FeedsFound');
  });

  it('schedules what names a Helm chart, and delivers the rest', async () => {
    startHub();
    put(web, { replicas: 3 });
    const { namespace, name } = chart;
    server.objects.put(helmCharts, { metadata: { namespace, name }, spec: {} });
    divide([chart, web]);
    await untilGiven({ Deployment: { replicas: 1 } }, { Deployment: { replicas: 2 } });
    await eventually(() => reason('Rendered') === 'HelmNotSupported');
    assert.deepEqual(stored()?.status?.replicas?.[feedKey(chart)], []);
  });

  it('delivers what is divided by an inventory of somebody else, where its path says', async () => {
    startHub(false);
    server.objects.put(feedInventories, {
      metadata: app,
      spec: { feeds: [{ ...farm, desiredReplicas: 3, replicaJsonPath: '/spec/size' }] },
    });
    divide([farm]);
    await eventually(() => reason('Scheduled') === 'Scheduled');
    put(farm, { size: 3 });
    await untilGiven({ Farm: { size: 1 } }, { Farm: { size: 2 } });
  });
});
