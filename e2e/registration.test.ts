import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, randomBytes, randomUUID } from 'node:crypto';
import {
  type ClusterRegistrationRequest,
  clusterRegistrationRequests,
} from '../api/clusters/cluster-registration-request.ts';
import { managedClusters } from '../api/clusters/managed-cluster.ts';
import {
  publicKeyText,
  type SocketCredential,
  signCredential,
} from '../api/proxies/socket-credential.ts';
import { labels, namesFor, serviceAccounts } from '../api/well-known.ts';
import { startTestCluster, type TestCluster } from '../hack/local/test-cluster.ts';
import { builtin } from '../kube/builtin.ts';
import type { TokenRequest } from '../kube/builtin-kinds.ts';
import { KubeClient } from '../kube/client.ts';
import { accessWithToken } from '../kube/token-access.ts';
import { eventually } from '../test/eventually.ts';
import { suiteSignal } from '../test/suite-signal.ts';
import { type HubProcess, prepareForHub, startHub } from './hub-process.ts';

const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

describe('registration in a real cluster', () => {
  const signal = suiteSignal(170_000);
  let cluster: TestCluster;
  let hub: HubProcess;

  before(async () => {
    cluster = await startTestCluster({}, signal);
    hub = await startHub(cluster, await prepareForHub(cluster, signal));
    const discovery = { method: 'GET', path: '/apis/proxies.clusternet.io/v1alpha1' } as const;
    await eventually(() => cluster.client.requestJson(discovery), { withinMs: 30_000 });
  });

  after(async () => {
    await hub?.kill('SIGTERM');
    await cluster?.[Symbol.asyncDispose]();
  });

  async function register(
    spec: Partial<ClusterRegistrationRequest['spec']> = {},
    name?: string,
  ): Promise<ClusterRegistrationRequest> {
    const clusterId = spec.clusterId ?? randomUUID();
    const requestName = name ?? namesFor.registrationRequest(clusterId);
    await cluster.client.create(clusterRegistrationRequests, {
      apiVersion: 'clusters.clusternet.io/v1beta1',
      kind: 'ClusterRegistrationRequest',
      metadata: { name: requestName },
      spec: { clusterId, clusterName: 'edge', ...spec },
    });
    return eventually(
      async () => {
        const request = await cluster.client.get(clusterRegistrationRequests, {
          name: requestName,
        });
        return request.status?.result ? request : undefined;
      },
      { describe: 'the request is answered' },
    );
  }

  async function clientOf(namespace: string, name: string): Promise<KubeClient> {
    const { status } = await cluster.client.createSubresource<TokenRequest>(
      builtin.serviceAccounts,
      { namespace, name },
      'token',
      { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
    );
    return clientWith(status?.token ?? '');
  }

  async function clientWith(token: string): Promise<KubeClient> {
    const { server, tls } = cluster.client.access;
    return new KubeClient(
      await accessWithToken({ server, caBundle: tls.ca?.toString() ?? '', token }),
    );
  }

  function ask(
    client: KubeClient,
    { metadata, spec }: ClusterRegistrationRequest,
    credential: SocketCredential,
  ): Promise<SocketCredential> {
    assert.ok(metadata.uid);
    return client.requestJson<SocketCredential>({
      method: 'POST',
      path: `/apis/proxies.clusternet.io/v1alpha1/sockets/${spec.clusterId}/credential`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(credential),
    });
  }

  function sign(key: KeyObject, { metadata, spec }: ClusterRegistrationRequest) {
    const subject = { clusterId: spec.clusterId, crrUid: metadata.uid ?? '' };
    return signCredential(key, subject, randomBytes(16), new Date());
  }

  it('makes namespace, ManagedCluster, accounts and rights, and says where they are', async () => {
    const request = await register({ clusterLabels: { zone: 'north' } });
    const { clusterId } = request.spec;
    const namespace = `clusternet-${clusterId.slice(0, 13)}`;
    assert.equal(request.status?.result, 'Approved');
    assert.equal(request.status?.dedicatedNamespace, namespace);
    const made = await cluster.client.get(managedClusters, { namespace, name: 'edge' });
    assert.equal(made.metadata.labels?.zone, 'north');
    assert.equal(made.metadata.labels?.[labels.clusterId], clusterId);
    const taints = made.spec.taints?.map(({ key, effect }) => `${key}:${effect}`);
    // On a slow machine the hub has noticed by now that nobody has connected.
    assert.equal(taints?.[0], 'clusters.clusternet.io/bootstrapping:NoSchedule');
    for (const name of [serviceAccounts.child, serviceAccounts.bootstrap]) {
      await cluster.client.get(builtin.serviceAccounts, { namespace, name });
    }
  });

  it('gives the bootstrap account the credential of the child, once per nonce, and pins its key', async () => {
    const request = await register();
    const namespace = request.status?.dedicatedNamespace ?? '';
    const bootstrap = await clientOf(namespace, serviceAccounts.bootstrap);
    const key = newKey();
    const signed = sign(key, request);
    const { status } = await ask(bootstrap, request, signed);
    assert.equal(status?.namespace, namespace);
    assert.equal(status?.managedClusterName, 'edge');
    assert.equal(status?.caBundle, cluster.client.access.tls.ca?.toString());
    const life = Date.parse(status?.expirationTimestamp ?? '') - Date.now();
    assert.ok(life > 23.9 * 3_600_000 && life < 24.1 * 3_600_000);

    const pinned = await cluster.client.get(clusterRegistrationRequests, {
      name: request.metadata.name ?? '',
    });
    assert.equal(pinned.spec.publicKey, publicKeyText(key));
    await assert.rejects(ask(bootstrap, request, signed), /nonce was used before/);

    const child = await clientWith(status?.token ?? '');
    assert.ok((await ask(child, request, sign(key, request))).status?.token, 'it can renew');
    await assert.rejects(ask(child, request, sign(newKey(), request)), /another key/);
    await assert.rejects(child.list(builtin.secrets, { namespace }), { code: 403 });
    await child.get(managedClusters, { namespace, name: 'edge' });
    await Promise.all([bootstrap.access.close(), child.access.close()]);
  });

  it('refuses a signature for another cluster, and the bootstrap account of another cluster', async () => {
    const [one, other] = [await register(), await register()];
    const bootstrap = await clientOf(
      one.status?.dedicatedNamespace ?? '',
      serviceAccounts.bootstrap,
    );
    const key = newKey();
    await assert.rejects(ask(bootstrap, one, sign(key, other)), /spec.signature/);
    await assert.rejects(ask(bootstrap, other, sign(key, other)), { code: 403 });
    const old = signCredential(
      key,
      { clusterId: one.spec.clusterId, crrUid: one.metadata.uid ?? '' },
      randomBytes(16),
      new Date(Date.now() - 6 * 60_000),
    );
    await assert.rejects(ask(bootstrap, one, old), /spec.timestamp/);
    await bootstrap.access.close();
  });

  it('refuses the takeover of a pinned id, also after the request was deleted', async () => {
    const request = await register({ publicKey: publicKeyText(newKey()) });
    const name = request.metadata.name ?? '';
    await cluster.client.delete(clusterRegistrationRequests, { name });
    const { clusterId } = request.spec;
    const thief = await register({ clusterId, publicKey: publicKeyText(newKey()) });
    assert.equal(thief.status?.result, 'Denied');
    assert.match(thief.status?.errorMessage ?? '', /not the key/);
  });

  it('denies a request under another name, and one that wants a namespace of somebody else', async () => {
    const misnamed = await register({}, 'clusternet-wrong');
    assert.match(misnamed.status?.errorMessage ?? '', /metadata.name/);
    const greedy = await register({ clusterNamespace: 'default' });
    assert.equal(greedy.status?.result, 'Denied');
    assert.match(greedy.status?.errorMessage ?? '', /default exists/);
  });

  it('makes an account again that somebody deleted, and writes nothing when all is there', async () => {
    const request = await register();
    const key = { namespace: request.status?.dedicatedNamespace, name: serviceAccounts.child };
    // Twice, so that it cannot be the tail of the first approval that does it.
    for (let round = 0; round < 2; round++) {
      const { metadata } = await cluster.client.get(builtin.serviceAccounts, key);
      await cluster.client.delete(builtin.serviceAccounts, key);
      const again = await eventually(() => cluster.client.find(builtin.serviceAccounts, key));
      assert.notEqual(again.metadata.uid, metadata.uid);
    }
    const read = async () =>
      (
        await cluster.client.get(clusterRegistrationRequests, {
          name: request.metadata.name ?? '',
        })
      ).metadata.resourceVersion;
    const before = await read();
    await hub.kill('SIGTERM');
    hub = await startHub(cluster, hub.port);
    await register();
    assert.equal(await read(), before);
  });

  it('in manual mode waits for an administrator to set the result', async () => {
    await hub.kill('SIGTERM');
    hub = await startHub(cluster, hub.port, { flags: ['--approve', 'manual'] });
    const clusterId = randomUUID();
    const key = { name: namesFor.registrationRequest(clusterId) };
    await cluster.client.create(clusterRegistrationRequests, {
      apiVersion: 'clusters.clusternet.io/v1beta1',
      kind: 'ClusterRegistrationRequest',
      metadata: key,
      spec: { clusterId, clusterName: 'edge' },
    });
    const dedicated = { name: namesFor.dedicatedNamespace(clusterId) };
    // A request that is denied in any mode passes through the same controller, so the first has been looked at by then.
    await register({}, 'clusternet-wrong-too');
    const { status } = await cluster.client.get(clusterRegistrationRequests, key);
    assert.equal(status?.result, undefined);
    assert.equal(await cluster.client.find(builtin.namespaces, dedicated), undefined);
    const body = { status: { result: 'Approved' } };
    const patch = { type: 'merge', body } as const;
    await cluster.client.patch(clusterRegistrationRequests, key, patch, { subresource: 'status' });
    await eventually(async () => {
      const found = await cluster.client.get(clusterRegistrationRequests, key);
      return found.status?.dedicatedNamespace === dedicated.name;
    });
  });
});
