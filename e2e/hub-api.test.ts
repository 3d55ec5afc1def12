import assert from 'node:assert/strict';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { execa } from 'execa';
import { startTestCluster, type TestCluster } from '../hack/local/test-cluster.ts';
import { apiServiceName } from '../hub/certificates/registration-controller.ts';
import { builtin } from '../kube/builtin.ts';
import type { TokenRequest } from '../kube/builtin-kinds.ts';
import { KubeClient } from '../kube/client.ts';
import { accessWithToken } from '../kube/token-access.ts';
import { eventually } from '../test/eventually.ts';
import { suiteSignal } from '../test/suite-signal.ts';
import { type HubProcess, prepareForHub, startHub } from './hub-process.ts';

const sockets = '/apis/proxies.clusternet.io/v1alpha1/sockets';

describe("the hub's API in a real cluster", () => {
  const signal = suiteSignal(170_000);
  let cluster: TestCluster;
  let hub: HubProcess;

  before(async () => {
    cluster = await startTestCluster({}, signal);
    hub = await startHub(cluster, await prepareForHub(cluster, signal));
    await eventually(isAvailable, { withinMs: 30_000, describe: 'the APIService is available' });
  });

  after(async () => {
    await hub?.kill('SIGTERM');
    await cluster?.[Symbol.asyncDispose]();
  });

  async function isAvailable(): Promise<boolean> {
    const { status } = await cluster.client.get(builtin.apiServices, { name: apiServiceName });
    const available = status?.conditions?.find(({ type }) => type === 'Available');
    if (available?.status === 'True') return true;
    throw new Error(`${available?.reason}: ${available?.message}`);
  }

  const kubectl = (...args: string[]) =>
    execa(cluster.tools.kubectl, ['--kubeconfig', cluster.kubeconfigPath, ...args], {
      reject: false,
      all: true,
    });

  async function tokenOf(name: string): Promise<string> {
    const key = { namespace: 'default', name };
    await cluster.client.create(builtin.serviceAccounts, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: key,
    });
    const { status } = await cluster.client.createSubresource<TokenRequest>(
      builtin.serviceAccounts,
      key,
      'token',
      { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
    );
    return status?.token ?? '';
  }

  interface Answer {
    readonly code: number;
    readonly body: string;
    readonly auditID: string;
  }

  /** Straight to the hub, past the aggregator; its certificate is not the matter here. */
  function direct(path: string, headers: Record<string, string>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: hub.port, path, headers, agent: false };
      request({ ...options, rejectUnauthorized: false }, response => {
        text(response)
          .then(body => ({
            code: response.statusCode ?? 0,
            body,
            auditID: String(response.headers['audit-id']),
          }))
          .then(resolve, reject);
      })
        .on('error', reject)
        .end();
    });
  }

  it('is listed by kubectl api-resources and explained by kubectl explain', async () => {
    const listed = await kubectl(
      'api-resources',
      '--api-group=proxies.clusternet.io',
      '-o',
      'wide',
    );
    assert.match(
      listed.stdout,
      /sockets\s+ss\s+proxies\.clusternet\.io\/v1alpha1\s+false\s+Socket/,
    );
    const explained = await eventually(
      async () => {
        const { all } = await kubectl('explain', 'sockets');
        return /way to one child cluster/.test(all ?? '') ? all : undefined;
      },
      { withinMs: 60_000, describe: 'the OpenAPI document is aggregated' },
    );
    assert.match(explained, /KIND:\s+Socket/);
  });

  it('answers kubectl get --raw through the aggregator and says no in a Status', async () => {
    const group = await kubectl('get', '--raw', '/apis/proxies.clusternet.io/v1alpha1');
    assert.equal(JSON.parse(group.stdout).kind, 'APIResourceList');
    const answer = await kubectl('get', '--raw', `${sockets}/no-such/credential`);
    assert.match(answer.all ?? '', /MethodNotAllowed|Method GET is not allowed/);
  });

  it('refuses a user without rights on the cluster id, naming the rule that is missing', async () => {
    const { server, tls } = cluster.client.access;
    const token = await tokenOf('nobody');
    const access = await accessWithToken({ server, caBundle: tls.ca?.toString() ?? '', token });
    const client = new KubeClient(access);
    await assert.rejects(
      client.requestJson({ method: 'GET', path: `${sockets}/some-id/proxy/direct/api` }),
      { code: 403 },
    );
    const answer = await direct(`${sockets}/some-id/proxy/direct/api`, {
      authorization: `Bearer ${token}`,
    });
    assert.equal(answer.code, 403);
    const status = JSON.parse(answer.body);
    assert.equal(status.reason, 'Forbidden');
    assert.match(status.message, /Grant verb get on sockets\/proxy with resourceNames/);
    await access.close();
  });

  it('never believes X-Remote-User of a direct caller, and lets nobody in without a user', async () => {
    const forged = { 'X-Remote-User': 'admin', 'X-Remote-Group': 'system:masters' };
    for (const headers of [forged, {}, { authorization: 'Bearer nonsense' }] as const) {
      const answer = await direct(`${sockets}/some-id/proxy/direct/api`, { ...headers });
      assert.equal(answer.code, 401, JSON.stringify(headers));
      assert.equal(JSON.parse(answer.body).reason, 'Unauthorized');
    }
    const anonymous = await direct('/apis/proxies.clusternet.io/v1alpha1', {});
    assert.equal(anonymous.code, 401);
    const ready = async () => (await direct('/readyz', {})).body === 'ok';
    await eventually(ready, { withinMs: 20_000, describe: 'the hub is ready' });
  });

  it('writes an audit line per request with user, verb, cluster and status, and no secret', async () => {
    const token = await tokenOf('audited');
    const path = `${sockets}/audited-id/proxy/direct/api?watch=true&token=query-secret`;
    const { auditID } = await direct(path, { authorization: `Bearer ${token}` });
    const line = await eventually(() =>
      hub
        .log()
        .split('\n')
        .find(entry => entry.includes(auditID)),
    );
    const { user, verb, cluster: id, status, path: logged, durationMs } = JSON.parse(line);
    assert.deepEqual(
      { user, verb, id, status, logged },
      {
        user: 'system:serviceaccount:default:audited',
        verb: 'get',
        id: 'audited-id',
        status: 403,
        logged: `${sockets}/audited-id/proxy/direct/api`,
      },
    );
    assert.equal(typeof durationMs, 'number');
    for (const secret of [token, 'query-secret']) assert.ok(!hub.log().includes(secret));
  });

  it('comes back available, with the same certificate, after it was killed', async () => {
    const { spec: before } = await cluster.client.get(builtin.apiServices, {
      name: apiServiceName,
    });
    await hub.kill('SIGKILL');
    hub = await startHub(cluster, hub.port);
    const discovery = { method: 'GET', path: '/apis/proxies.clusternet.io/v1alpha1' } as const;
    await eventually(() => cluster.client.requestJson(discovery), {
      withinMs: 30_000,
      describe: 'discovery answers through the aggregator',
    });
    const { spec: after } = await cluster.client.get(builtin.apiServices, {
      name: apiServiceName,
    });
    assert.equal(after.caBundle, before.caBundle);
  });
});
