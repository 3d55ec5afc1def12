import assert from 'node:assert/strict';
import { type Subscription, subscriptions } from '../api/apps/subscription.ts';
import { type ManagedCluster, managedClusters } from '../api/clusters/managed-cluster.ts';
import { findCondition } from '../api/conditions.ts';
import { namespaces, labels as wellKnown } from '../api/well-known.ts';
import { startTestCluster, type TestCluster } from '../hack/local/test-cluster.ts';
import { builtin } from '../kube/builtin.ts';
import { identityObjects } from '../manifests/identity.ts';
import { schedulerIdentity } from '../manifests/scheduler.ts';
import { run } from '../scheduler/main.ts';
import { eventually } from '../test/eventually.ts';
import { cluster, keyFor, subscription } from '../test/scheduling-objects.ts';
import { suiteSignal } from '../test/suite-signal.ts';
import { applyAll, kubeconfigOf, prepareForHub } from './hub-process.ts';

const labels = { app: 'web' };

describe('the scheduler in a real cluster, with no more than its own rights', () => {
  const signal = suiteSignal(170_000);
  let parent: TestCluster;
  let kubeconfig: string;
  let stop: AbortController;
  let running: Promise<number>;

  before(async () => {
    process.env.CLUSTERNET_BIND_ADDRESS = '127.0.0.1';
    parent = await startTestCluster({ name: 'scheduler' }, signal);
    await prepareForHub(parent, signal);
    await applyAll(parent, identityObjects(schedulerIdentity, namespaces.system), signal);
    kubeconfig = await kubeconfigOf(parent, schedulerIdentity.name);
    start();
  });

  after(async () => {
    stop?.abort();
    await running;
    await parent?.[Symbol.asyncDispose]();
    delete process.env.CLUSTERNET_BIND_ADDRESS;
  });

  function start(): void {
    stop = new AbortController();
    running = run(['--kubeconfig', kubeconfig, '--secure-port', '0'], stop.signal);
  }

  async function putCluster(object: ManagedCluster): Promise<void> {
    const { namespace = '', name = '' } = object.metadata;
    const home = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
    const options = { fieldManager: 'test', force: true };
    await parent.client.apply(builtin.namespaces, home, options, signal);
    const { status, ...rest } = object;
    const { apiVersion, kind, metadata } = rest;
    await parent.client.apply(managedClusters, rest, options, signal);
    const facts = {
      apiVersion,
      kind,
      metadata: { namespace, name: metadata.name ?? name },
      status,
    };
    await parent.client.apply(
      managedClusters,
      facts,
      { ...options, subresource: 'status' },
      signal,
    );
  }

  function create(name: string, spec: Partial<Subscription['spec']> = {}, namespace = 'default') {
    const { uid: _, generation: __, ...metadata } = subscription().metadata;
    const { status: ___, ...rest } = subscription(spec);
    return parent.client.create(subscriptions, {
      ...rest,
      metadata: { ...metadata, name, namespace },
    });
  }

  function get(name: string, namespace = 'default'): Promise<Subscription> {
    return parent.client.get(subscriptions, { namespace, name }, signal);
  }

  function boundTo(name: string, ...clusters: string[]): Promise<Subscription> {
    return eventually(
      async () => {
        const object = await get(name);
        const binding = (object.status?.bindingClusters ?? []).join();
        return binding === clusters.map(keyFor).join() ? object : undefined;
      },
      { withinMs: 15_000, describe: `${name} is bound to ${clusters}` },
    );
  }

  function refused(name: string, reason: string, namespace?: string): Promise<string> {
    return eventually(
      async () => {
        const condition = findCondition(
          (await get(name, namespace)).status?.conditions,
          'Scheduled',
        );
        return condition?.reason === reason ? condition.message : undefined;
      },
      { withinMs: 15_000, describe: `${name} is refused for ${reason}` },
    );
  }

  it('binds, follows labels, keeps what is not ready and tells it by conditions and events', async () => {
    await putCluster(cluster('a', { labels }));
    await putCluster(cluster('b'));
    await create('app');
    const placed = await boundTo('app', 'a');
    assert.equal(findCondition(placed.status?.conditions, 'Scheduled')?.status, 'True');
    assert.equal(placed.status?.desiredReleases, 1);
    await putCluster(cluster('b', { labels }));
    await boundTo('app', 'a', 'b');
    const taints = [{ key: 'clusters.clusternet.io/unschedulable', effect: 'NoSchedule' }];
    await putCluster(cluster('b', { labels, ready: 'Unknown', taints }));
    await putCluster(cluster('c', { labels }));
    const kept = await boundTo('app', 'a', 'b', 'c');
    const fields = { fieldSelector: 'reason=Scheduled' };
    const events = await eventually(async () => {
      const all = await parent.client.listAll(
        builtin.events,
        { namespace: 'default', ...fields },
        signal,
      );
      return all.length >= 3 ? all : undefined;
    });
    assert.ok(events.every(({ regarding }) => regarding?.uid === kept.metadata.uid));
  });

  it('says in a condition why it cannot place a Subscription, and what to do', async () => {
    await create('dividing', { schedulingStrategy: 'Dividing' });
    assert.match(await refused('dividing', 'FeedInventoryMissing'), /default\/dividing/);
    const operator = { key: 'app', operator: 'Like', values: ['x'] };
    await create('malformed', {
      subscribers: [{ clusterAffinity: { matchExpressions: [operator] } }],
    });
    const message = await refused('malformed', 'InvalidSelector');
    assert.match(
      message,
      /^spec\.subscribers\[0\]\.clusterAffinity\.matchExpressions\[0\]\.operator/,
    );
    await create('nowhere', {
      subscribers: [{ clusterAffinity: { matchLabels: { no: 'such' } } }],
    });
    assert.match(await refused('nowhere', 'NoFeasibleCluster'), /^0\/\d clusters are available/);
  });

  it('never honours a Subscription that a child could have written', async () => {
    const metadata = { name: 'inbox', labels: { [wellKnown.clusterId]: 'some-id' } };
    await parent.client.create(builtin.namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata,
    });
    await create('smuggled', {}, 'inbox');
    await refused('smuggled', 'NamespaceNotAllowed', 'inbox');
    assert.equal((await get('smuggled', 'inbox')).status?.bindingClusters, undefined);
  });

  it('writes nothing but its Lease when it is restarted with nothing to do', async () => {
    const all = async () => {
      const list = await parent.client.listAll(subscriptions, {}, signal);
      const events = await parent.client.listAll(builtin.events, { namespace: 'default' }, signal);
      return [...list, ...events].map(
        ({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`,
      );
    };
    stop.abort();
    assert.equal(await running, 0);
    const before = await all();
    start();
    // It has looked at everything when it has placed what came last.
    await create('sign-of-life', { priority: -1000 });
    await boundTo('sign-of-life', 'a', 'c');
    const after = (await all()).filter(line => !line.startsWith('sign-of-life'));
    assert.deepEqual(after, before);
  });
});
