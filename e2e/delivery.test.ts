import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { bases } from '../api/apps/base.ts';
import { type Description, descriptions } from '../api/apps/description.ts';
import type { Feed } from '../api/apps/feed.ts';
import { type Manifest, manifests } from '../api/apps/manifest.ts';
import { type Subscription, subscriptions } from '../api/apps/subscription.ts';
import { clusterRegistrationRequests } from '../api/clusters/cluster-registration-request.ts';
import { managedClusters } from '../api/clusters/managed-cluster.ts';
import { findCondition } from '../api/conditions.ts';
import type { DynamicObject, KubeObject } from '../api/kube-object.ts';
import type { Resource } from '../api/resource.ts';
import { finalizers, labels, namesFor } from '../api/well-known.ts';
import { startTestCluster, type TestCluster } from '../hack/local/test-cluster.ts';
import { builtin } from '../kube/builtin.ts';
import { removeFinalizer } from '../reconcile/finalizers.ts';
import { eventually } from '../test/eventually.ts';
import { suiteSignal } from '../test/suite-signal.ts';
import { type HubProcess, prepareForHub, startHub } from './hub-process.ts';

/** The hub's part of the road: the test plays the scheduler (bindings) and the agents (status, finalizer). */
describe('delivery in a real cluster', () => {
  const signal = suiteSignal(170_000);
  let cluster: TestCluster;
  let hub: HubProcess;
  let clusters: { namespace: string; name: string }[];

  before(async () => {
    cluster = await startTestCluster({}, signal);
    hub = await startHub(cluster, await prepareForHub(cluster, signal));
    clusters = [await join('one'), await join('two')];
  });

  after(async () => {
    await hub?.kill('SIGTERM');
    await cluster?.[Symbol.asyncDispose]();
  });

  async function join(name: string): Promise<{ namespace: string; name: string }> {
    const clusterId = randomUUID();
    await cluster.client.create(clusterRegistrationRequests, {
      apiVersion: 'clusters.clusternet.io/v1beta1',
      kind: 'ClusterRegistrationRequest',
      metadata: { name: namesFor.registrationRequest(clusterId) },
      spec: { clusterId, clusterName: name },
    });
    const key = { namespace: namesFor.dedicatedNamespace(clusterId), name };
    await eventually(() => cluster.client.find(managedClusters, key));
    return key;
  }

  const feed = (name: string): Feed => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    namespace: 'shop',
    name,
  });

  function addManifest(name: string, data: Record<string, string>): Promise<Manifest> {
    const { apiVersion, kind, ...metadata } = feed(name);
    return cluster.client.create(manifests, {
      apiVersion: 'apps.clusternet.io/v1alpha1',
      kind: 'Manifest',
      metadata: { name: `configmaps.shop.${name}`, namespace: 'clusternet-reserved' },
      template: { apiVersion, kind, metadata, data } as DynamicObject,
    });
  }

  function subscribe(name: string, feeds: readonly Feed[]): Promise<Subscription> {
    return cluster.client.create(subscriptions, {
      apiVersion: 'apps.clusternet.io/v1alpha1',
      kind: 'Subscription',
      metadata: { name, namespace: 'default' },
      spec: { subscribers: [{ clusterAffinity: {} }], feeds },
    });
  }

  const get = (name: string) => cluster.client.get(subscriptions, { namespace: 'default', name });

  /** What the scheduler writes. */
  async function bind(name: string, to: readonly { namespace: string; name: string }[]) {
    const { metadata } = await get(name);
    const lastTransitionTime = new Date().toISOString().replace(/\.\d+/, '');
    const scheduled = {
      type: 'Scheduled',
      status: 'True' as const,
      reason: 'Scheduled',
      message: 'bound',
      lastTransitionTime,
      observedGeneration: metadata.generation ?? 0,
    };
    await cluster.client.apply(
      subscriptions,
      {
        apiVersion: 'apps.clusternet.io/v1alpha1',
        kind: 'Subscription',
        metadata: { namespace: 'default', name },
        status: {
          bindingClusters: to.map(key => `${key.namespace}/${key.name}`).sort(),
          conditions: [scheduled],
        },
      } as KubeObject,
      { fieldManager: 'scheduler', force: true, subresource: 'status' },
    );
  }

  async function made<T extends KubeObject>(resource: Resource<T>, { metadata }: Subscription) {
    const labelSelector = `${labels.subscriptionUid}=${metadata.uid}`;
    return cluster.client.listAll(resource, { labelSelector });
  }

  function delivered(subscription: Subscription, count: number): Promise<Description[]> {
    return eventually(
      async () => {
        const found = await made(descriptions, subscription);
        return found.length === count ? found : undefined;
      },
      { describe: `${count} Descriptions` },
    );
  }

  const dataOf = ({ spec }: Description) =>
    (spec.raw ?? []).map(raw => JSON.parse(Buffer.from(raw, 'base64').toString()).data);

  /** What an agent does with a Description that is being deleted. */
  async function release(description: Description): Promise<void> {
    const { namespace, name = '' } = description.metadata;
    const found = await cluster.client.get(descriptions, { namespace, name });
    await removeFinalizer(cluster.client, descriptions, found, finalizers.apps);
  }

  /** The API server's own count of writes, by resource and verb. */
  async function writes(): Promise<string[]> {
    const { body } = await cluster.client.request({ method: 'GET', path: '/metrics' });
    return (await body.text())
      .split('\n')
      .filter(line => line.startsWith('apiserver_request_total{'))
      .filter(line => /verb="(POST|PUT|PATCH|APPLY|DELETE)"/.test(line));
  }

  const condition = async (name: string, type: string) =>
    findCondition((await get(name)).status?.conditions, type);

  it('makes one Base and one Description per bound cluster, and follows a changed Manifest', async () => {
    const manifest = await addManifest('app', { version: '1' });
    const subscription = await subscribe('app', [feed('app')]);
    await bind('app', clusters);
    const first = await delivered(subscription, 2);
    assert.deepEqual(first.flatMap(dataOf), [{ version: '1' }, { version: '1' }]);
    assert.equal((await made(bases, subscription)).length, 2);
    const labelled = await cluster.client.get(manifests, manifest.metadata as never);
    assert.equal(labelled.metadata.labels?.[labels.configKind], 'ConfigMap');

    const body = { template: { data: { version: '2' } } };
    await cluster.client.patch(manifests, manifest.metadata as never, { type: 'merge', body });
    await eventually(async () => {
      const now = (await made(descriptions, subscription)).flatMap(dataOf);
      return now.every(data => data.version === '2');
    });
    await eventually(async () => (await condition('app', 'Rendered'))?.status === 'True', {
      describe: 'Rendered',
    });
    assert.equal(
      (await condition('app', 'Scheduled'))?.status,
      'True',
      'the scheduler is not overwritten',
    );
  });

  it('brings the state of the children back to the Subscription', async () => {
    const subscription = await get('app');
    for (const { metadata } of await made(descriptions, subscription)) {
      const key = { namespace: metadata.namespace, name: metadata.name ?? '' };
      const manifestStatuses = [{ ...feed('app'), observedStatus: {} }];
      const body = { status: { phase: 'Success', manifestStatuses } };
      const patch = { type: 'merge', body } as const;
      await cluster.client.patch(descriptions, key, patch, { subresource: 'status' });
    }
    const { status } = await eventually(async () => {
      const found = await get('app');
      return found.status?.completedReleases === 2 ? found : undefined;
    });
    const [aggregated] = status?.aggregatedStatuses ?? [];
    assert.equal(aggregated?.feedStatusSummary?.available, true);
    assert.deepEqual(aggregated?.feedStatusDetails?.map(({ clusterName }) => clusterName).sort(), [
      'one',
      'two',
    ]);
    assert.equal(findCondition(status?.conditions, 'Applied')?.status, 'True');
  });

  it('keeps what is deployed when a Manifest vanishes, and says so', async () => {
    const subscription = await get('app');
    const before = await made(descriptions, subscription);
    const key = { namespace: 'clusternet-reserved', name: 'configmaps.shop.app' };
    await cluster.client.delete(manifests, key);
    const missing = await eventually(async () => {
      const found = await condition('app', 'FeedsFound');
      return found?.status === 'False' ? found : undefined;
    });
    assert.equal(missing.reason, 'ManifestMissing');
    assert.match(missing.message, /ConfigMap shop\/app/);
    const after = await made(descriptions, subscription);
    assert.deepEqual(
      after.map(({ metadata }) => metadata.resourceVersion),
      before.map(({ metadata }) => metadata.resourceVersion),
    );
  });

  it('takes back from a cluster that is not bound any more, and from no other', async () => {
    const subscription = await get('app');
    await bind('app', clusters.slice(0, 1));
    const leaving = await eventually(async () =>
      (await made(descriptions, subscription)).find(
        ({ metadata }) => metadata.deletionTimestamp !== undefined,
      ),
    );
    assert.equal(leaving.metadata.namespace, clusters[1]?.namespace);
    await release(leaving);
    const [left] = await delivered(subscription, 1);
    assert.equal(left?.metadata.namespace, clusters[0]?.namespace);
    assert.equal(left?.metadata.deletionTimestamp, undefined);
  });

  it('withdraws nothing on a placement that was decided on an earlier spec', async () => {
    await addManifest('kept', { a: '1' });
    const subscription = await subscribe('kept', [feed('kept')]);
    await bind('kept', clusters);
    await delivered(subscription, 2);
    const key = { namespace: 'default', name: 'kept' };
    const spec = { feeds: [feed('kept'), feed('other')] };
    await cluster.client.patch(subscriptions, key, { type: 'merge', body: { spec } });
    const status = { bindingClusters: [] };
    const patch = { type: 'merge', body: { status } } as const;
    await cluster.client.patch(subscriptions, key, patch, { subresource: 'status' });
    // A later change of another Subscription passes through the same controller, so this one has been looked at by then.
    await addManifest('later', {});
    const later = await subscribe('later', [feed('later')]);
    await bind('later', clusters);
    await delivered(later, 2);
    const untouched = await made(descriptions, subscription);
    assert.deepEqual(
      untouched.map(({ metadata }) => metadata.deletionTimestamp),
      [undefined, undefined],
    );
  });

  it('goes with its Subscription only when every agent has let go', async () => {
    const subscription = await get('later');
    const key = { namespace: 'default', name: 'later' };
    await cluster.client.delete(subscriptions, key);
    const going = await eventually(async () => {
      const all = await made(descriptions, subscription);
      return all.every(({ metadata }) => metadata.deletionTimestamp) ? all : undefined;
    });
    const [first, second] = going;
    assert.ok(first && second);
    await release(first);
    await delivered(subscription, 1);
    assert.ok(await cluster.client.find(subscriptions, key), 'it waits for the second');
    await release(second);
    await eventually(async () => (await cluster.client.find(subscriptions, key)) === undefined, {
      describe: 'the Subscription is gone',
    });
    assert.deepEqual(await made(bases, subscription), []);
  });

  it('makes no second Base when two hubs race, and writes nothing after a restart', async () => {
    const subscription = await get('kept');
    await bind('kept', clusters);
    await addManifest('other', {});
    const settled = async () => {
      const all = await made(descriptions, subscription);
      return all.length === 2 && all.every(({ spec }) => spec.raw?.length === 2) ? all : undefined;
    };
    await eventually(settled, { describe: 'both feeds delivered' });
    await eventually(async () => (await condition('kept', 'FeedsFound'))?.status === 'True');
    const versions = async () => {
      const objects = [
        ...(await made(bases, subscription)),
        ...(await made(descriptions, subscription)),
        await get('kept'),
      ];
      return objects.map(({ metadata }) => metadata.resourceVersion);
    };
    const before = await versions();
    const writesBefore = await writes();
    await hub.kill('SIGKILL');
    hub = await startHub(cluster, hub.port);
    await eventually(() => hub.log().includes('became leader'), { withinMs: 30_000 });
    // The newest Subscription is looked at last, and this one makes the hub write.
    await subscribe('last', []);
    await bind('last', []);
    await eventually(async () => (await condition('last', 'Rendered')) !== undefined);
    const written = (await writes()).filter(line => !writesBefore.includes(line));
    assert.deepEqual(
      written.filter(
        line =>
          !/subscriptions|leases|tokenreviews|subjectaccessreviews|serviceaccounts/.test(line),
      ),
      [],
    );
    await hub.kill('SIGKILL');
    hub = await startHub(cluster, hub.port, { flags: ['--no-leader-elect'] });
    const rival = await startHub(cluster, hub.port, {
      flags: ['--no-leader-elect', '--secure-port', '0'],
    });
    await subscribe('race', [feed('other')]);
    await bind('race', clusters);
    const race = await get('race');
    await delivered(race, 2);
    await eventually(async () => (await condition('race', 'Applied')) !== undefined);
    assert.equal((await made(bases, race)).length, 2);
    assert.deepEqual(await versions(), before);
    await rival.kill('SIGTERM');
  });

  it('refuses a Manifest that says it is something else, by event and condition', async () => {
    const liar = await cluster.client.create(manifests, {
      apiVersion: 'apps.clusternet.io/v1alpha1',
      kind: 'Manifest',
      metadata: {
        name: 'liar',
        namespace: 'clusternet-reserved',
        labels: { [labels.configKind]: 'Secret' },
      },
      template: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'liar', namespace: 'shop' },
      },
    });
    const subscription = await subscribe('liar', [feed('liar')]);
    await bind('liar', clusters);
    const refused = await eventually(async () => {
      const found = await condition('liar', 'FeedsFound');
      return found?.status === 'False' ? found : undefined;
    });
    assert.equal(refused.reason, 'ManifestContradictory');
    assert.deepEqual(await made(descriptions, subscription), []);
    const warning = await eventually(async () => {
      const { items } = await cluster.client.list(builtin.events, {
        namespace: 'clusternet-reserved',
      });
      return items.find(({ regarding }) => regarding?.uid === liar.metadata.uid);
    });
    assert.equal(warning.reason, 'ContradictoryManifest');
  });
});
