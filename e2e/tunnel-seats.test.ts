import assert from 'node:assert/strict';
import { managedClusters } from '../api/clusters/managed-cluster.ts';
import { startTestCluster, type TestCluster } from '../hack/local/test-cluster.ts';
import { builtin } from '../kube/builtin.ts';
import { KubeClient } from '../kube/client.ts';
import { accessWithToken } from '../kube/token-access.ts';
import { eventually } from '../test/eventually.ts';
import { attach, type Registered, register } from './attached-cluster.ts';
import { type HubProcess, prepareForHub, startHub } from './hub-process.ts';

const tunnels = 30;

/** A request that is not long-running holds one of these seats of the parent's API server until it ends. */
const seats = { 'max-requests-inflight': '12', 'max-mutating-requests-inflight': '12' };

describe('tunnels of ServiceAccounts at a parent with 12 request seats', () => {
  let cluster: TestCluster;
  let hub: HubProcess;
  const stop = new AbortController();
  let agents: Promise<void>[] = [];

  before(async () => {
    const signal = AbortSignal.timeout(170_000);
    const flags = { apiServer: { ...seats, 'enable-priority-and-fairness': 'false' } };
    cluster = await startTestCluster({ name: 'seats', flags }, signal);
    hub = await startHub(cluster, await prepareForHub(cluster, signal));
    const discovery = { method: 'GET', path: '/apis/proxies.clusternet.io/v1alpha1' } as const;
    await eventually(() => cluster.client.requestJson(discovery), { withinMs: 30_000 });
  });

  after(async () => {
    stop.abort();
    await Promise.all(agents);
    await hub?.kill('SIGTERM');
    await cluster?.[Symbol.asyncDispose]();
  });

  it('are all open while an ordinary account still gets its answers', async () => {
    const registered: Registered[] = [];
    for (let index = 0; index < tunnels; index++) {
      registered.push(await register(cluster, `seat-${index}`));
    }
    agents = registered.map(one => attach(cluster, one, cluster.client.access, stop.signal));
    const connected = () =>
      hub
        .log()
        .split('\n')
        .filter(line => line.includes('"tunnel connected"')).length;
    await eventually(() => connected() === tunnels, {
      describe: `${tunnels} tunnels are open`,
      withinMs: 60_000,
    });
    const { server, caBundle } = cluster.controlPlane;
    for (const [index, { token, namespace, clusterId }] of registered.entries()) {
      const name = `seat-${index}`;
      const ordinary = new KubeClient(accessWithToken({ server, caBundle, token }));
      const managed = await ordinary.get(managedClusters, { namespace, name });
      await ordinary.access.close();
      assert.equal(managed.spec.clusterId, clusterId);
    }
    const leases = await cluster.client.listAll(builtin.leases, { namespace: 'clusternet-system' });
    const held = leases.filter(
      ({ metadata, spec }) => metadata.name?.startsWith('tunnel-') && spec?.holderIdentity,
    );
    assert.equal(held.length, tunnels);
  });
});
