import assert from 'node:assert/strict';
import { type Subscription, subscriptions } from '../api/apps/subscription.ts';
import type { Condition } from '../api/kube-object.ts';
import { startTestCluster, type TestCluster } from '../hack/local/test-cluster.ts';
import { isConflict } from '../kube/api-error.ts';
import { builtin } from '../kube/builtin.ts';
import type { ConfigMap } from '../kube/builtin-kinds.ts';
import { Applier } from '../reconcile/applier.ts';
import { Cache } from '../reconcile/cache.ts';
import { EventRecorder } from '../reconcile/event-recorder.ts';
import { addFinalizer, removeFinalizer } from '../reconcile/finalizers.ts';
import { runAsLeader } from '../reconcile/leader-election.ts';
import { createLogger } from '../reconcile/logger.ts';
import { patchStatus } from '../reconcile/status-patch.ts';
import { eventually } from '../test/eventually.ts';
import { subscription } from '../test/scheduling-objects.ts';
import { suiteSignal } from '../test/suite-signal.ts';
import { prepareForHub } from './hub-process.ts';

const namespace = 'default';

describe('the controller runtime against a real API server', () => {
  const signal = suiteSignal(170_000);
  let cluster: TestCluster;

  before(async () => {
    cluster = await startTestCluster({ name: 'runtime' }, signal);
    await prepareForHub(cluster, signal);
  });

  after(() => cluster?.[Symbol.asyncDispose]());

  function configMap(name: string, data: Record<string, string>): ConfigMap {
    return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, data };
  }

  function createSubscription(name: string): Promise<Subscription> {
    const { status: _, ...rest } = subscription();
    return cluster.client.create(subscriptions, { ...rest, metadata: { namespace, name } });
  }

  it('applies once, and writes nothing the second time or after a restart', async () => {
    const { client } = cluster;
    const version = async () =>
      (await client.get(builtin.configMaps, { namespace, name: 'applied' })).metadata
        .resourceVersion;
    const desired = configMap('applied', { a: '1' });
    const applier = new Applier(client, 'runtime-test');
    assert.equal(await applier.apply(builtin.configMaps, desired, {}, signal), 'applied');
    const first = await version();
    assert.equal(await applier.apply(builtin.configMaps, desired, {}, signal), 'unchanged');
    const restarted = new Applier(client, 'runtime-test');
    assert.equal(await restarted.apply(builtin.configMaps, desired, {}, signal), 'unchanged');
    assert.equal(await version(), first);
    const patch = { type: 'merge', body: { data: { a: '2' } } } as const;
    await client.patch(builtin.configMaps, { namespace, name: 'applied' }, patch, {
      fieldManager: 'other',
    });
    await assert.rejects(applier.apply(builtin.configMaps, desired, {}, signal), error => {
      return isConflict(error) && /"other"/.test(error.message);
    });
    assert.equal(
      await applier.apply(builtin.configMaps, desired, { force: true }, signal),
      'applied',
    );
  });

  it('patches a status by difference, and refuses conditions decided on an outdated object', async () => {
    const { client } = cluster;
    const options = { fieldManager: 'runtime-test' };
    const old = await createSubscription('status');
    const condition: Condition = {
      type: 'Tested',
      status: 'True',
      reason: 'Testing',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    };
    const written = await patchStatus(
      client,
      subscriptions,
      old,
      { conditions: [condition] },
      options,
    );
    assert.deepEqual(written.status?.conditions, [condition]);
    const late = patchStatus(
      client,
      subscriptions,
      old,
      { conditions: [{ ...condition, type: 'Late' }] },
      options,
    );
    await assert.rejects(late, isConflict);
    const counted = await patchStatus(client, subscriptions, old, { desiredReleases: 3 }, options);
    assert.deepEqual(counted.status, { conditions: [condition], desiredReleases: 3 });
  });

  it('adds and removes finalizers beside those of others', async () => {
    const { client } = cluster;
    const plain = await createSubscription('finalized');
    const once = await addFinalizer(client, subscriptions, plain, 'example.com/one');
    await assert.rejects(addFinalizer(client, subscriptions, plain, 'example.com/two'), isConflict);
    const twice = await addFinalizer(client, subscriptions, once, 'example.com/two');
    assert.deepEqual(twice.metadata.finalizers, ['example.com/one', 'example.com/two']);
    await removeFinalizer(client, subscriptions, twice, 'example.com/one');
    // The list has moved since `twice`: what stands at that index now is not ours to remove.
    await removeFinalizer(client, subscriptions, twice, 'example.com/one');
    const key = { namespace, name: 'finalized' };
    assert.deepEqual((await client.get(subscriptions, key)).metadata.finalizers, [
      'example.com/two',
    ]);
    await client.delete(subscriptions, key);
    await removeFinalizer(client, subscriptions, twice, 'example.com/two');
    assert.equal(await client.find(subscriptions, key), undefined);
  });

  it('records events that the server accepts, and counts repetitions in a series', async () => {
    const { client } = cluster;
    const object = await client.create(builtin.configMaps, configMap('eventful', {}));
    const refused: unknown[] = [];
    const logger = createLogger('test', { write: line => refused.push(line) });
    logger.level = 'debug';
    const recorder = new EventRecorder(client, 'clusternet-test', 'pod-1', { logger });
    recorder.warning(object, 'Broken', `it is broken: ${'é'.repeat(2000)}`, 'Repairing');
    for (let i = 0; i < 4; i++) recorder.normal(object, 'Synced', 'all is well');
    await recorder.flush();
    recorder.normal(object, 'Synced', 'all is well');
    await recorder.flush();
    assert.deepEqual(refused, []);
    const all = await client.listAll(builtin.events, { namespace });
    const ours = all.filter(({ regarding }) => regarding?.uid === object.metadata.uid);
    const counts = Object.fromEntries(ours.map(({ reason, series }) => [reason, series?.count]));
    assert.deepEqual(counts, { Broken: undefined, Synced: 5 });
  });

  it('hands leadership over when the leader resigns, with a higher term number', async () => {
    const { client } = cluster;
    const logger = createLogger('test');
    const election = { client, namespace, name: 'election', logger, retryPeriodMs: 100 };
    const terms: [string, number][] = [];
    const first = new AbortController();
    const stand = (identity: string, stop: AbortSignal) =>
      runAsLeader(
        { ...election, identity },
        ({ signal: term, transitions }) => {
          terms.push([identity, transitions]);
          return new Promise(resolve => term.addEventListener('abort', () => resolve()));
        },
        stop,
      );
    const one = stand('one', first.signal);
    await eventually(() => terms.length === 1);
    const second = new AbortController();
    const two = stand('two', second.signal);
    first.abort();
    await one;
    await eventually(() => terms.length === 2);
    assert.deepEqual(terms, [
      ['one', 0],
      ['two', 1],
    ]);
    second.abort();
    await two;
  });

  it('keeps a cache that follows what happens and knows what was deleted', async () => {
    const stop = new AbortController();
    const cache = new Cache(cluster.client);
    const informer = cache.informer(builtin.configMaps, { namespace, labelSelector: 'cached=yes' });
    const changes: string[] = [];
    informer.onChange(({ type, object, missing }) =>
      changes.push(`${type} ${object.metadata.name}${missing ? ' unseen' : ''}`),
    );
    cache.start(stop.signal);
    await cache.synced();
    const object = configMap('cached', { a: '1' });
    const labelled = { ...object, metadata: { ...object.metadata, labels: { cached: 'yes' } } };
    await cluster.client.create(builtin.configMaps, labelled);
    await cluster.client.delete(builtin.configMaps, { namespace, name: 'cached' });
    await eventually(() => changes.length === 2);
    assert.deepEqual(changes, ['added cached', 'deleted cached']);
    stop.abort();
    await cache.stopped();
  });
});
