import assert from 'node:assert/strict';
import { Registry } from 'prom-client';
import type { Feed } from '../../api/apps/feed.ts';
import { feedInventories } from '../../api/apps/feed-inventory.ts';
import { helmCharts } from '../../api/apps/helm-chart.ts';
import { manifests } from '../../api/apps/manifest.ts';
import {
  type ResourceInterpreterSpec,
  resourceInterpreters,
} from '../../api/apps/resource-interpreter.ts';
import { subscriptions } from '../../api/apps/subscription.ts';
import { findCondition } from '../../api/conditions.ts';
import { labels } from '../../api/well-known.ts';
import { builtin } from '../../kube/builtin.ts';
import { runController } from '../../reconcile/controller.ts';
import { createLogger } from '../../reconcile/logger.ts';
import { createRuntime, type Runtime } from '../../reconcile/runtime.ts';
import { eventually } from '../../test/eventually.ts';
import { type FakeApiServer, startFakeApiServer } from '../../test/fake-api-server.ts';
import { subscription } from '../../test/scheduling-objects.ts';
import { deliveryController } from '../deliver/delivery-controller.ts';
import { interpreterController } from '../interpreters/interpreter-controller.ts';
import { InterpreterSet } from '../interpreters/interpreter-set.ts';
import { feedInventoryController } from './feed-inventory-controller.ts';

const reserved = 'clusternet-reserved';
const app = { namespace: 'default', name: 'app' };
const web: Feed = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'qux', name: 'web' };
const config: Feed = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'qux', name: 'web' };
const chart: Feed = {
  apiVersion: 'apps.clusternet.io/v1alpha1',
  kind: 'HelmChart',
  namespace: 'qux',
  name: 'cache',
};
const containers = [{ name: 'web', resources: { requests: { cpu: '250m' } } }];

describe('the feed-inventory controller', () => {
  let server: FakeApiServer;
  let runtime: Runtime;
  let stop: AbortController;
  let running: Promise<unknown>;

  beforeEach(async () => {
    server = await startFakeApiServer();
    start();
  });

  afterEach(async () => {
    await end();
    await server.close();
  });

  function start(): void {
    stop = new AbortController();
    runtime = createRuntime({
      access: server.access(),
      component: 'clusternet-hub',
      instance: 'test',
      metrics: new Registry(),
      logger: createLogger('test', { write: () => true }),
    });
    const interpreters = new InterpreterSet(runtime.cache.informer(resourceInterpreters));
    const made = [
      deliveryController(runtime, reserved),
      interpreterController(runtime, interpreters),
      feedInventoryController(runtime, reserved, interpreters),
    ];
    runtime.cache.start(stop.signal);
    running = Promise.all(made.map(each => runController(each, runtime, stop.signal)));
  }

  async function end(): Promise<void> {
    stop.abort();
    await running;
    await runtime.events.flush();
    await runtime.cache.stopped();
  }

  function put({ apiVersion, kind, ...metadata }: Feed, spec: object = {}): void {
    const template = { apiVersion, kind, metadata, spec };
    const name = `${kind}-${metadata.name}`.toLowerCase();
    server.objects.put(manifests, { metadata: { namespace: reserved, name }, template });
  }

  const deployment = (replicas?: unknown) => ({ replicas, template: { spec: { containers } } });

  function divide(feeds: readonly Feed[], generation = 1, metadata = {}): void {
    const { status = {} } = stored() ?? {};
    const spec = { schedulingStrategy: 'Dividing', feeds } as const;
    server.objects.put(subscriptions, subscription(spec, status, { ...metadata, generation }));
  }

  const stored = () => server.objects.get(subscriptions, app);
  const inventory = () => server.objects.get(feedInventories, app);
  const condition = (type: string) => findCondition(stored()?.status?.conditions, type);
  const desired = () => inventory()?.spec.feeds.map(({ desiredReplicas }) => desiredReplicas);
  const untilDesired = (...wanted: (number | undefined)[]) =>
    eventually(() => JSON.stringify(desired()) === JSON.stringify(wanted));
  const events = () => server.objects.list(builtin.events).map(({ reason }) => reason);

  async function reconciled(): Promise<number> {
    const metric = runtime.metrics.getSingleMetric('controller_runtime_reconcile_total');
    const values = (await metric?.get())?.values ?? [];
    return values.find(({ labels: of }) => of.controller === 'feed-inventory')?.value ?? 0;
  }

  it('writes what each feed asks for, in the order of the feeds, owned by the Subscription', async () => {
    put(web, deployment(12));
    put(config);
    divide([web, config, web]);
    await untilDesired(12, undefined, 12);
    const need = {
      desiredReplicas: 12,
      replicaJsonPath: '/spec/replicas',
      replicaRequirements: { resources: { requests: { cpu: '250m' } } },
    };
    const { metadata, spec } = inventory() ?? assert.fail();
    assert.deepEqual(spec.feeds, [{ ...web, ...need }, config, { ...web, ...need }]);
    const { uid } = stored()?.metadata ?? {};
    assert.deepEqual(metadata.ownerReferences, [
      {
        apiVersion: 'apps.clusternet.io/v1alpha1',
        kind: 'Subscription',
        name: 'app',
        uid,
        controller: true,
      },
    ]);
    assert.deepEqual(metadata.labels, {
      [labels.createdBy]: 'clusternet-hub',
      [labels.subscriptionName]: 'app',
      [labels.subscriptionNamespace]: 'default',
      [labels.subscriptionUid]: uid,
    });
  });

  it('writes it anew when a Manifest, the spec or the inventory itself changes', async () => {
    put(web, deployment(3));
    divide([web]);
    await untilDesired(3);
    put(web, deployment());
    await untilDesired(1);
    put(config);
    divide([config, web], 2);
    await untilDesired(undefined, 1);
    server.objects.remove(feedInventories, app);
    await untilDesired(undefined, 1);
    server.objects.put(feedInventories, { ...inventory(), spec: { feeds: [] } });
    await untilDesired(undefined, 1);
  });

  it('keeps the last inventory while a feed is missing, and says which', async () => {
    put(web, deployment(3));
    divide([web]);
    await untilDesired(3);
    divide([web, config], 2);
    await eventually(() => condition('FeedsFound')?.status === 'False');
    assert.match(condition('FeedsFound')?.message ?? '', /^ConfigMap qux\/web: namespace/);
    assert.deepEqual(desired(), [3]);
    put(config);
    await untilDesired(3, undefined);
    await eventually(() => condition('FeedsFound')?.status === 'True');
  });

  it('looks a Helm chart up as HelmChart, which has no replicas', async () => {
    put(web, deployment(3));
    divide([chart, web]);
    await eventually(() => condition('FeedsFound')?.reason === 'HelmChartMissing');
    assert.equal(inventory(), undefined);
    const { namespace, name } = chart;
    server.objects.put(helmCharts, { metadata: { namespace, name }, spec: {} });
    await untilDesired(undefined, 3);
    assert.deepEqual(inventory()?.spec.feeds[0], chart);
  });

  it('keeps the last inventory while a Manifest is not what its kind says, and names the field', async () => {
    put(web, deployment(3));
    divide([web]);
    await untilDesired(3);
    put(web, deployment('many'));
    await eventually(() => condition('FeedsInterpreted')?.status === 'False');
    assert.match(
      condition('FeedsInterpreted')?.message ?? '',
      /^Manifest deployment-web \(Deployment\): \/spec\/replicas: "many" is not a number/,
    );
    assert.deepEqual(desired(), [3]);
    await eventually(() => events().includes('UnParseableFeeds'));
    put(web, deployment(4));
    await untilDesired(4);
    await eventually(() => condition('FeedsInterpreted')?.status === 'True');
  });

  it('says no more that a Manifest is wrong once nothing is divided', async () => {
    put(web, deployment('many'));
    divide([web]);
    await eventually(() => condition('FeedsInterpreted')?.status === 'False');
    const { status = {} } = stored() ?? {};
    server.objects.put(subscriptions, subscription({ feeds: [web] }, status, { generation: 2 }));
    await eventually(() => condition('FeedsInterpreted')?.status === 'True');
    assert.equal(inventory(), undefined);
  });

  describe('with ResourceInterpreters', () => {
    const rollout: Feed = { apiVersion: 'a.test/v1', kind: 'Rollout', namespace: 'qux', name: 'r' };
    const target = { apiVersion: rollout.apiVersion, kind: rollout.kind };
    let generation = 1;

    function interpret(spec: Omit<ResourceInterpreterSpec, 'target'>, name = 'rollouts'): void {
      const metadata = { name, generation: generation++ };
      server.objects.put(resourceInterpreters, { metadata, spec: { target, ...spec } });
    }

    const ready = (name = 'rollouts') => {
      const found = server.objects.get(resourceInterpreters, { name });
      const { status, reason, message } = findCondition(found?.status?.conditions, 'Ready') ?? {};
      return `${status} ${reason} ${message}`;
    };
    const replicas = { path: '.spec.size' };

    it('follows each change of an interpreter at once', async () => {
      put(rollout, { size: 4, pods: 3 });
      divide([rollout]);
      await untilDesired(undefined);
      interpret({ replicas });
      await untilDesired(4);
      assert.equal(inventory()?.spec.feeds[0]?.replicaJsonPath, '/spec/size');
      await eventually(() => ready().startsWith('True Ready'));
      interpret({ replicas: { ...replicas, expression: 'object.spec.size * object.spec.pods' } });
      await untilDesired(12);
    });

    it('gives no cluster the whole of what was divided because its interpreter is gone, until told so', async () => {
      put(rollout, { size: 4 });
      interpret({ replicas });
      divide([rollout]);
      await untilDesired(4);
      server.objects.remove(resourceInterpreters, { name: 'rollouts' });
      await eventually(() => condition('FeedsInterpreted')?.reason === 'ReplicasUnknown');
      assert.match(
        condition('FeedsInterpreted')?.message ?? '',
        /^Manifest rollout-r \(Rollout\): \/spec\/size: it was divided, and nobody says/,
      );
      assert.deepEqual(desired(), [4]);
      server.objects.remove(feedInventories, app);
      await untilDesired(undefined);
      await eventually(() => condition('FeedsInterpreted')?.status === 'True');
    });

    it('says on the interpreter which field is wrong, and touches no other kind', async () => {
      put(rollout, { size: 4 });
      put(web, deployment(3));
      divide([rollout]);
      interpret({ replicas });
      await untilDesired(4);
      interpret({ replicas: { ...replicas, expression: 'object.spec.' } });
      await eventually(() => ready().startsWith('False ExpressionInvalid spec.replicas.expr'));
      await eventually(() => condition('FeedsInterpreted')?.reason === 'InterpreterNotReady');
      assert.match(
        condition('FeedsInterpreted')?.message ?? '',
        /ResourceInterpreter rollouts spec/,
      );
      assert.deepEqual(desired(), [4], 'the last inventory stays');
      divide([web], 2);
      await untilDesired(3);
    });

    it('says on the Subscription what an expression made of its object', async () => {
      put(rollout, { size: 4 });
      interpret({ replicas: { ...replicas, expression: '0 - object.spec.size' } });
      divide([rollout]);
      await eventually(() => condition('FeedsInterpreted')?.reason === 'InterpreterFailed');
      assert.match(
        condition('FeedsInterpreted')?.message ?? '',
        /^Manifest rollout-r \(Rollout\): ResourceInterpreter rollouts spec\.replicas\.expression: -4 is not/,
      );
      assert.match(ready(), /^True Ready/);
    });

    it('lets the older of two for one kind work, and the other when that goes', async () => {
      put(rollout, { size: 4, other: 5 });
      divide([rollout]);
      interpret({ replicas }, 'a');
      interpret({ replicas: { path: '.spec.other' } }, 'b');
      await untilDesired(4);
      await eventually(() =>
        ready('b').startsWith('False DuplicateKind spec.target: a.test/v1/Rollout'),
      );
      server.objects.remove(resourceInterpreters, { name: 'a' });
      await untilDesired(5);
      await eventually(() => ready('b').startsWith('True'));
    });
  });

  it('writes nothing for what is not divided, and nothing again after a restart', async () => {
    put(web, deployment(3));
    divide([web]);
    const other = subscription({ feeds: [web] }, {}, { name: 'other' });
    server.objects.put(subscriptions, other);
    const home = { metadata: { name: 'ns-edge', labels: { [labels.clusterId]: 'x' } } };
    server.objects.put(builtin.namespaces, home);
    const inbox = { namespace: 'ns-edge', name: 'inbox', uid: 'u3' };
    const spec = { schedulingStrategy: 'Dividing', feeds: [web] } as const;
    server.objects.put(subscriptions, subscription(spec, {}, inbox));
    await untilDesired(3);
    await eventually(() => server.writes().some(({ path }) => path.endsWith('/inbox/status')));
    await end();
    assert.equal(server.objects.list(feedInventories).length, 1);
    const before = server.writes().length;
    start();
    await eventually(async () => (await reconciled()) >= 3);
    assert.deepEqual(server.writes().slice(before), []);
  });
});
