import assert from 'node:assert/strict';
import { descriptions } from '../api/apps/description.ts';
import { manifests } from '../api/apps/manifest.ts';
import { subscriptions } from '../api/apps/subscription.ts';
import { managedClusters } from '../api/clusters/managed-cluster.ts';
import { findCondition } from '../api/conditions.ts';
import { annotations, namespaces, secretNames, serviceAccounts } from '../api/well-known.ts';
import { startTestCluster, type TestCluster } from '../hack/local/test-cluster.ts';
import { builtin } from '../kube/builtin.ts';
import type { ConfigMap } from '../kube/builtin-kinds.ts';
import { identityObjects } from '../manifests/identity.ts';
import { schedulerIdentity } from '../manifests/scheduler.ts';
import { eventually } from '../test/eventually.ts';
import { killProcess } from '../test/kill-process.ts';
import { suiteSignal } from '../test/suite-signal.ts';
import { type AgentProcess, startAgent } from './agent-process.ts';
import { ComponentProcess } from './component-process.ts';
import { applyAll, type HubProcess, kubeconfigOf, prepareForHub, startHub } from './hub-process.ts';
import { inviteAgent } from './invite-agent.ts';

/** Hub, scheduler and agent as processes with the rights of the manifests; the test plays discovery. */
describe('the road from a Subscription to an object in a child', function () {
  this.timeout(240_000);
  const signal = suiteSignal(230_000);
  const shop = { namespace: 'default', name: 'shop' };
  const settings = { namespace: 'default', name: 'settings' };
  let parent: TestCluster;
  let child: TestCluster;
  let hub: HubProcess;
  let scheduler: ComponentProcess;
  let agent: AgentProcess;
  let clusterId: string;
  let cluster: { namespace: string; name: string };

  before(async () => {
    [parent, child] = await Promise.all([
      startTestCluster({ name: 'parent' }, signal),
      startTestCluster({ name: 'child' }, signal),
    ]);
    hub = await startHub(parent, await prepareForHub(parent, signal));
    await applyAll(parent, identityObjects(schedulerIdentity, namespaces.system), signal);
    const kubeconfig = await kubeconfigOf(parent, schedulerIdentity.name);
    scheduler = new ComponentProcess('scheduler', [
      ...['--kubeconfig', kubeconfig],
      ...['--secure-port', '0'],
    ]);
  });

  after(async () => {
    for (const each of [agent, scheduler, hub]) await each?.kill('SIGTERM');
    await Promise.all([parent, child].map(each => each?.[Symbol.asyncDispose]()));
  });

  async function ready() {
    const { status } = await parent.client.get(managedClusters, cluster);
    return findCondition(status?.conditions, 'Ready');
  }

  const logs = () => `hub:\n${hub.log().slice(-4000)}\nagent:\n${agent?.log().slice(-4000)}`;

  it('joins the child: Ready, untainted, and its bootstrap account gone', async () => {
    const edge = { name: 'edge', labels: { tier: 'edge' } };
    ({ clusterId, key: cluster } = await inviteAgent(parent, child, edge, signal));
    agent = await startAgent(child);
    const joined = await eventually(
      async () => {
        const found = await parent.client.get(managedClusters, cluster);
        return (await ready())?.status === 'True' && !found.spec.taints?.length ? found : undefined;
      },
      { withinMs: 30_000, describe: 'Ready and untainted' },
    ).catch((error: unknown) => assert.fail(`${String(error)}\n${logs()}`));
    assert.match(joined.status?.k8sVersion ?? '', /^v1\./);
    const bootstrap = { namespace: cluster.namespace, name: serviceAccounts.bootstrap };
    await eventually(
      async () => (await parent.client.find(builtin.serviceAccounts, bootstrap)) === undefined,
    );
  });

  it('brings a ConfigMap to the selected child and its state back', async () => {
    const feed = { apiVersion: 'v1', kind: 'ConfigMap', ...settings };
    await parent.client.create(manifests, {
      apiVersion: 'apps.clusternet.io/v1alpha1',
      kind: 'Manifest',
      metadata: { namespace: namespaces.reserved, name: 'configmaps.default.settings' },
      template: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: settings,
        data: { colour: 'red' },
      },
    });
    await parent.client.create(subscriptions, {
      apiVersion: 'apps.clusternet.io/v1alpha1',
      kind: 'Subscription',
      metadata: shop,
      spec: {
        subscribers: [{ clusterAffinity: { matchLabels: { tier: 'edge' } } }],
        feeds: [feed],
      },
    });
    const delivered = await eventually(
      () => child.client.find<ConfigMap>(builtin.configMaps, settings),
      {
        withinMs: 20_000,
        describe: 'the object in the child',
      },
    ).catch((error: unknown) => assert.fail(`${String(error)}\n${logs()}`));
    assert.deepEqual(delivered.data, { colour: 'red' });
    await eventually(
      async () => {
        const { status } = await parent.client.get(subscriptions, shop);
        const applied = findCondition(status?.conditions, 'Applied');
        if (applied?.status !== 'True') throw new Error(applied?.message);
        return status?.completedReleases === 1;
      },
      { withinMs: 20_000, describe: 'Applied' },
    );
  });

  it('follows a change of the Manifest', async () => {
    const key = { namespace: namespaces.reserved, name: 'configmaps.default.settings' };
    const body = { template: { data: { colour: 'blue' } } };
    await parent.client.patch(manifests, key, { type: 'merge', body });
    await eventually(
      async () => {
        const found = await child.client.get<ConfigMap>(builtin.configMaps, settings);
        return found.data?.colour === 'blue';
      },
      { withinMs: 20_000, describe: 'the change in the child' },
    );
  });

  it('reaches the child through the parent, as the child itself answers', async () => {
    const path = `/apis/proxies.clusternet.io/v1alpha1/sockets/${clusterId}/proxy/direct/version`;
    const answer = await parent.client.requestJson<{ gitVersion: string }>({ method: 'GET', path });
    assert.match(answer.gitVersion, /^v1\./);
  });

  it('never stops being Ready while the agent restarts', async () => {
    const before = await ready();
    const mark = hub.log().length;
    await agent.kill('SIGKILL');
    agent = await startAgent(child);
    await eventually(() => hub.log().slice(mark).includes('tunnel connected'), {
      withinMs: 10_000,
      describe: 'the tunnel is back',
    });
    assert.deepEqual(await ready(), before);
  });

  it('is Unknown within 15 s of the agent falling silent, and keeps its placement', async () => {
    const { status } = await parent.client.get(subscriptions, shop);
    // A hub that was started a moment ago blames nobody for what it may have missed.
    const leads =
      hub
        .log()
        .split('\n')
        .find(line => line.includes('became leader')) ?? '{}';
    const leadsSince = Date.parse(JSON.parse(leads).time);
    await eventually(() => Date.now() - leadsSince > 46_000, { withinMs: 60_000 });
    const silent = performance.now();
    killProcess(agent.pid, 'SIGSTOP');
    try {
      await eventually(async () => (await ready())?.status === 'Unknown', {
        withinMs: 17_000,
        describe: 'Unknown',
      });
      assert.ok(performance.now() - silent < 16_000, 'within 15 s and a moment');
      assert.equal((await ready())?.reason, 'ClusterStatusUnknown');
      const found = await parent.client.get(subscriptions, shop);
      assert.deepEqual(found.status?.bindingClusters, status?.bindingClusters);
      const [description] = await parent.client.listAll(descriptions, {
        namespace: cluster.namespace,
      });
      assert.equal(description?.metadata.deletionTimestamp, undefined);
    } finally {
      killProcess(agent.pid, 'SIGCONT');
    }
    // It has lost its Lease meanwhile and ends; its Pod would start it again.
    await agent.kill('SIGKILL');
    agent = await startAgent(child);
    await eventually(async () => (await ready())?.status === 'True', {
      withinMs: 40_000,
      describe: 'Ready again',
    });
  });

  it('never stops being Ready while the hub restarts, and changes nothing in the child', async () => {
    const before = await ready();
    const object = await child.client.get(builtin.configMaps, settings);
    await hub.kill('SIGKILL');
    hub = await startHub(parent, hub.port);
    await eventually(() => hub.log().includes('tunnel connected'), {
      withinMs: 30_000,
      describe: 'the tunnel is back',
    });
    assert.deepEqual(await ready(), before);
    const after = await child.client.get(builtin.configMaps, settings);
    assert.equal(after.metadata.resourceVersion, object.metadata.resourceVersion);
  });

  it('leaves on a recorded intent: nothing is left in the parent, everything in the child', async () => {
    const body = { metadata: { annotations: { [annotations.leave]: 'ClusterDeleted' } } };
    await parent.client.patch(managedClusters, cluster, { type: 'merge', body });
    await eventually(
      async () =>
        (await parent.client.find(builtin.namespaces, { name: cluster.namespace })) === undefined,
      { withinMs: 15_000, describe: 'the namespace is gone' },
    );
    assert.ok(await child.client.find(builtin.configMaps, settings), 'the object stays');
    assert.ok(
      await child.client.find(builtin.secrets, {
        namespace: namespaces.system,
        name: secretNames.parentCluster,
      }),
    );
  });
});
