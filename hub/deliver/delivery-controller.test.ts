import assert from 'node:assert/strict';
import { Registry } from 'prom-client';
import { bases } from '../../api/apps/base.ts';
import { type Description, descriptions } from '../../api/apps/description.ts';
import { type Feed, formatFeed } from '../../api/apps/feed.ts';
import { manifests } from '../../api/apps/manifest.ts';
import { resourceInterpreters } from '../../api/apps/resource-interpreter.ts';
import { subscriptions } from '../../api/apps/subscription.ts';
import { managedClusters } from '../../api/clusters/managed-cluster.ts';
import { findCondition } from '../../api/conditions.ts';
import type { KubeObject } from '../../api/kube-object.ts';
import { labels } from '../../api/well-known.ts';
import { builtin } from '../../kube/builtin.ts';
import { runController } from '../../reconcile/controller.ts';
import { createLogger } from '../../reconcile/logger.ts';
import { createRuntime, type Runtime } from '../../reconcile/runtime.ts';
import { eventually } from '../../test/eventually.ts';
import { type FakeApiServer, startFakeApiServer } from '../../test/fake-api-server.ts';
import { FakeClock } from '../../test/fake-clock.ts';
import { Refusal } from '../../test/refusal.ts';
import { cluster, keyFor, subscription } from '../../test/scheduling-objects.ts';
import { InterpreterSet } from '../interpreters/interpreter-set.ts';
import { aggregationController } from './aggregation-controller.ts';
import { deliveryController } from './delivery-controller.ts';
import { manifestController } from './manifest-controller.ts';

const reserved = 'clusternet-reserved';
const app = { namespace: 'default', name: 'app' };
const good: Feed = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'good' };
const missing: Feed = { ...good, name: 'missing' };
const liar: Feed = { ...good, name: 'liar' };
const twice: Feed = { ...good, name: 'twice' };
const spaceship: Feed = { apiVersion: 'example.test/v1', kind: 'Spaceship', name: 'one' };
const chart: Feed = { apiVersion: 'apps.clusternet.io/v1alpha1', kind: 'HelmChart', name: 'c' };

describe('the delivery controller', () => {
  let server: FakeApiServer;
  let clock: FakeClock;
  let runtime: Runtime;
  let stop: AbortController;
  let running: Promise<unknown>;

  beforeEach(async () => {
    server = await startFakeApiServer();
    clock = new FakeClock();
    stop = new AbortController();
    runtime = createRuntime({
      access: server.access(),
      component: 'clusternet-hub',
      instance: 'test',
      metrics: new Registry(),
      logger: createLogger('test', { write: () => true }),
      clock,
    });
    server.objects.put(managedClusters, cluster('edge'));
    addManifest('good', good);
    addManifest('liar', liar, { [labels.configKind]: 'Secret' });
    addManifest('twice-a', twice);
    addManifest('twice-b', twice);
    subscribe([good], 1);
    const interpreters = new InterpreterSet(runtime.cache.informer(resourceInterpreters));
    const controllers = [
      manifestController(runtime, reserved),
      deliveryController(runtime, reserved),
      aggregationController(runtime, reserved, interpreters),
    ];
    runtime.cache.start(stop.signal);
    running = Promise.all(
      controllers.map(controller => runController(controller, runtime, stop.signal)),
    );
    await soon(() => conditions().every(each => each.endsWith('True 1')));
    await soon(() => ['good', 'twice-a', 'twice-b'].every(isLabelled));
  });

  afterEach(async () => {
    stop.abort();
    await running;
    await runtime.events.flush();
    await runtime.cache.stopped();
    await server.close();
  });

  function addManifest(name: string, { apiVersion, kind, ...metadata }: Feed, marks = {}): void {
    server.objects.put(manifests, {
      metadata: { namespace: reserved, name, labels: marks },
      template: { apiVersion, kind, metadata },
    });
  }

  /** A Subscription of these feeds as the scheduler leaves it. */
  function subscribe(feeds: readonly Feed[], generation: number, names = ['edge']): void {
    const { metadata, status } = stored() ?? {};
    const scheduled = {
      type: 'Scheduled',
      status: 'True',
      reason: 'Scheduled',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
      observedGeneration: generation,
    } as const;
    const others = status?.conditions?.filter(({ type }) => type !== 'Scheduled') ?? [];
    const next = { ...status, conditions: [...others, scheduled] };
    server.objects.put(
      subscriptions,
      subscription(
        { feeds },
        { ...next, bindingClusters: names.map(keyFor) },
        { ...metadata, generation },
      ),
    );
  }

  function isLabelled(name: string): boolean {
    const manifest = server.objects.get(manifests, { namespace: reserved, name });
    return manifest?.metadata.labels?.[labels.configKind] !== undefined;
  }

  const stored = () => server.objects.get(subscriptions, app);
  const condition = (type: string) => findCondition(stored()?.status?.conditions, type);
  const conditions = () =>
    ['FeedsFound', 'Rendered'].map(
      type => `${type} ${condition(type)?.status} ${condition(type)?.observedGeneration}`,
    );
  /** Waits for something while retries fall due. */
  const soon = (check: () => boolean) =>
    eventually(async () => {
      await clock.advance(100);
      return check();
    });
  const delivered = (): KubeObject | undefined => server.objects.list(descriptions)[0];

  async function sum(name: string): Promise<number> {
    const metric = await runtime.metrics.getSingleMetric(name)?.get();
    return metric?.values.reduce((total, { value }) => total + value, 0) ?? 0;
  }

  /** Lets what is under way, retries included, come to its end. */
  async function settle(): Promise<void> {
    let before = -1;
    await eventually(async () => {
      await clock.advance(10_000);
      const busy =
        (await sum('workqueue_depth')) + (await sum('controller_runtime_active_workers'));
      const still = server.requests.length === before && busy === 0;
      before = server.requests.length;
      return still;
    });
  }

  /** Fails when the hub goes on about it: by a request, or by looking again. */
  async function restsForAnHour(): Promise<void> {
    await settle();
    const looks = await sum('controller_runtime_reconcile_total');
    const before = server.requests.length;
    await clock.advance(3_600_000);
    await settle();
    assert.deepEqual(server.requests.slice(before), []);
    assert.equal(await sum('controller_runtime_reconcile_total'), looks);
  }

  const bad = [
    { what: 'a missing feed', feed: missing, reason: 'ManifestMissing', says: /has no Manifest/ },
    {
      what: 'a kind nobody made a Manifest of',
      feed: spaceship,
      reason: 'ManifestMissing',
      says: /example\.test\/v1/,
    },
    {
      what: 'a contradictory Manifest',
      feed: liar,
      reason: 'ManifestContradictory',
      says: /label apps\.clusternet\.io\/config\.kind is "Secret".*must be "ConfigMap" or absent/,
    },
    {
      what: 'two Manifests of one object',
      feed: twice,
      reason: 'ManifestAmbiguous',
      says: /twice-a and twice-b both hold it; delete all but one/,
    },
    { what: 'a Helm chart', feed: chart, reason: 'FeedUnsupported', says: /no Helm charts/ },
  ];
  for (const { what, feed, reason, says } of bad) {
    it(`keeps what is deployed on ${what}, says what is wrong, and rests`, async () => {
      const before = delivered();
      assert.ok(before);
      subscribe([good, feed], 2);
      await soon(() => condition('FeedsFound')?.reason === reason);
      assert.ok(condition('FeedsFound')?.message.includes(formatFeed(feed)));
      assert.match(condition('FeedsFound')?.message ?? '', says);
      await soon(() => condition('Rendered')?.reason === 'FeedsNotFound');
      await soon(() => condition('Applied')?.observedGeneration === 2);
      assert.deepEqual(delivered(), before);
      await restsForAnHour();
      subscribe([good], 3);
      await soon(() => conditions().every(each => each.endsWith('True 3')));
    });
  }

  it('asks the ResourceInterpreter of a kind how its objects fare, and says on it what it could not tell', async () => {
    const available = () => {
      const [feed] = stored()?.status?.aggregatedStatuses ?? [];
      return feed?.feedStatusSummary?.available;
    };
    const interpret = (generation: number, health: string) =>
      server.objects.put(resourceInterpreters, {
        metadata: { name: 'maps', generation },
        spec: { target: { apiVersion: 'v1', kind: 'ConfigMap' }, health },
      });
    const description = delivered() as Description;
    const manifestStatuses = [{ ...good, observedStatus: { phase: 'Sick' } }];
    server.objects.put(descriptions, { ...description, status: { manifestStatuses } });
    await soon(() => available() === true);
    interpret(1, 'status.phase == "Well"');
    await soon(() => available() === false);
    interpret(2, 'status.phase == "Sick"');
    await soon(() => available() === true);
    interpret(3, 'status.mood == "Sick"');
    await soon(() => available() === false);
    await runtime.events.flush();
    const notes = server.objects
      .list(builtin.events)
      .map(({ reason, note }) => `${reason} ${note}`);
    const told = 'InterpreterFailed ConfigMap shop/good: spec.health: No such key: mood';
    assert.ok(notes.includes(told), notes.join('; '));
    await restsForAnHour();
  });

  it('warns once about a Manifest that contradicts itself, naming label and remedy', async () => {
    const warnings = () =>
      server.objects.list(builtin.events).filter(({ type }) => type === 'Warning');
    await eventually(async () => {
      await runtime.events.flush();
      return warnings().length > 0;
    });
    await restsForAnHour();
    const [warning, ...more] = warnings();
    assert.equal(warning?.reason, 'ContradictoryManifest');
    assert.match(warning.note ?? '', /config\.kind is "Secret".*must be "ConfigMap" or absent/);
    assert.deepEqual(more, []);
  });

  it('says that one cluster cannot be written, delivers to the others, and tries again ever less often', async () => {
    const refused = /namespaces\/ns-full\/bases/;
    server.failNext({ method: 'PATCH', path: refused, with: 403, times: 1_000 });
    server.objects.put(managedClusters, cluster('full'));
    addManifest('other', missing);
    subscribe([good, missing], 2, ['full', 'edge']);
    await soon(() => condition('Rendered')?.reason === 'WriteFailed');
    assert.match(condition('Rendered')?.message ?? '', /1 cluster, first ns-full\/full: /);
    const raw = () => (delivered() as Description | undefined)?.spec.raw;
    await soon(() => raw()?.length === 2);
    const tries = () => server.writes().filter(({ path }) => refused.test(path)).length;
    await eventually(async () => {
      await clock.advance(1_000);
      return tries() >= 17;
    });
    // From 10 ms on each wait doubles, up to a minute; half of it is chance.
    assert.ok(clock.monotonic() > 120_000, `17 tries within ${clock.monotonic()} ms`);
    server.recover();
    await eventually(async () => {
      await clock.advance(10_000);
      return condition('Rendered')?.status === 'True';
    });
  });

  it('leaves nothing behind of a Subscription that goes while it is being held', async () => {
    const { metadata, ...rest } = stored() ?? assert.fail();
    const late = { namespace: app.namespace, name: 'late' };
    const path = '/apis/apps.clusternet.io/v1alpha1/namespaces/default/subscriptions/late';
    server.answer('PATCH', path, () => {
      server.objects.remove(subscriptions, late);
      throw new Refusal(404, 'NotFound', 'subscriptions "late" not found');
    });
    server.objects.put(subscriptions, { ...rest, metadata: { ...late, generation: 1 } });
    const made = () => server.writes().filter(write => /\/bases\/late-/.test(write.path));
    await soon(() => made().some(({ method }) => method === 'DELETE'));
    await settle();
    const left = [...server.objects.list(bases), ...server.objects.list(descriptions)];
    assert.deepEqual(
      left.filter(each => each.metadata.name?.startsWith('late-')),
      [],
    );
  });
});
