import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { execa } from 'execa';
import { clusterRoles } from '../api/well-known.ts';
import { startTestCluster, type TestCluster } from '../hack/local/test-cluster.ts';
import { builtin } from '../kube/builtin.ts';
import type { ConfigMap, Namespace, Pod } from '../kube/builtin-kinds.ts';
import { KubeClient } from '../kube/client.ts';
import { sleep } from '../kube/sleep.ts';
import { accessWithToken } from '../kube/token-access.ts';
import { eventually } from '../test/eventually.ts';
import { suiteSignal } from '../test/suite-signal.ts';
import { attach, type Registered, register, tokenOf } from './attached-cluster.ts';
import { type HubProcess, prepareForHub, startHub } from './hub-process.ts';

/** One control plane is parent and child: what is tested lies between the two. */
describe('kubectl through the tunnel', () => {
  const signal = suiteSignal(600_000);
  let cluster: TestCluster;
  let hub: HubProcess;
  let child: Registered;
  let agent: { readonly stop: AbortController; readonly done: Promise<void> };
  let directory: string;
  let kubeconfig: string;
  let through: KubeClient;
  let held: { readonly openedAt: number; readonly body: Readable };
  let asChildAdmin: Record<string, string>;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'clusternet-tunnel-'));
    cluster = await startTestCluster({ name: 'tunnel', nodes: [{ name: 'a' }] }, signal);
    hub = await startHub(cluster, await prepareForHub(cluster, signal));
    await eventually(() => ask('/apis/proxies.clusternet.io/v1alpha1'), { withinMs: 30_000 });
    child = await register(cluster, 'child');
    agent = startAgent();
    await account('admin', 'cluster-admin');
    asChildAdmin = {
      'impersonate-user': 'clusternet',
      'impersonate-extra-clusternet-token': await tokenOf(cluster, admin),
    };
    await account('visitor', clusterRoles.proxyImpersonator);
    kubeconfig = await visitorKubeconfig('visitor');
    through = await visitor('visitor');
    await eventually(async () => (await get(through, '/api')).statusCode === 200, {
      describe: 'the tunnel is up',
      withinMs: 20_000,
    });
    held = await holdWatch();
  });

  after(async () => {
    held?.body.destroy();
    agent?.stop.abort();
    await agent?.done;
    await through?.access.close();
    await hub?.kill('SIGTERM');
    await cluster?.[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });

  /** A client of the child through the parent; the answers to it depend on `asChildAdmin`. */
  async function visitor(name: string): Promise<KubeClient> {
    const { server, caBundle } = cluster.controlPlane;
    return new KubeClient(
      accessWithToken({
        server: `${server}${proxyPath()}`,
        caBundle,
        token: await tokenOf(cluster, { namespace: 'default', name }),
      }),
    );
  }

  const proxyPath = () =>
    `/apis/proxies.clusternet.io/v1alpha1/sockets/${child.clusterId}/proxy/direct`;

  const get = (client: KubeClient, path: string, abort?: AbortSignal) =>
    client.request({ method: 'GET', path, headers: asChildAdmin }, abort);

  async function holdWatch() {
    const { body } = await get(through, '/api/v1/namespaces/default/pods?watch=true');
    body.on('error', () => {});
    body.resume();
    return { openedAt: performance.now(), body };
  }

  const ask = (path: string) => cluster.client.requestJson({ method: 'GET', path });

  function startAgent() {
    const stop = new AbortController();
    return { stop, done: attach(cluster, child, cluster.client.access, stop.signal) };
  }

  async function account(name: string, role: string): Promise<void> {
    await cluster.client.create(builtin.serviceAccounts, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { namespace: 'default', name },
    });
    await cluster.client.create(builtin.clusterRoleBindings, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: `test-${name}` },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'ServiceAccount', namespace: 'default', name }],
    });
  }

  /** The kubeconfig that upstream documents: a user of the parent who is `clusternet` and brings a token of the child. */
  async function visitorKubeconfig(name: string): Promise<string> {
    const path = join(directory, `${name}.yaml`);
    const { server, caBundle } = cluster.controlPlane;
    const ca = Buffer.from(caBundle).toString('base64');
    const user = {
      token: await tokenOf(cluster, { namespace: 'default', name }),
      as: 'clusternet',
      'as-user-extra': {
        'clusternet-token': [await tokenOf(cluster, admin)],
      },
    };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        { name: 'c', cluster: { server: server + proxyPath(), 'certificate-authority-data': ca } },
      ],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    };
    await writeFile(path, JSON.stringify(config), { mode: 0o600 });
    return path;
  }

  const kubectl = (args: readonly string[], options: { input?: string } = {}) =>
    execa(cluster.tools.kubectl, ['--kubeconfig', kubeconfig, ...args], {
      reject: false,
      timeout: 30_000,
      ...options,
    });

  async function works(args: readonly string[], input?: string): Promise<string> {
    const { exitCode, stdout, stderr } = await kubectl(args, input === undefined ? {} : { input });
    assert.equal(exitCode, 0, `kubectl ${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  it('gets, creates, applies, diffs and deletes with the kubeconfig that upstream documents', async () => {
    assert.match(await works(['get', 'namespaces']), /kube-system/);
    await works(['create', 'configmap', 'made', '--from-literal=a=1']);
    const edited = JSON.stringify(configMap('made', { a: '2' }));
    assert.equal((await kubectl(['diff', '-f', '-'], { input: edited })).exitCode, 1);
    await works(['apply', '--dry-run=server', '-f', '-'], edited);
    const read = () =>
      cluster.client.get(builtin.configMaps, { namespace: 'default', name: 'made' });
    assert.equal((await read()).data?.a, '1');
    await works(['apply', '--server-side', '--force-conflicts', '-f', '-'], edited);
    assert.equal((await read()).data?.a, '2');
    await works(['delete', 'configmap', 'made']);
    await assert.rejects(read(), { code: 404 });
  });

  it('is who the token says in the child, and not who asks the parent', async () => {
    const who = await works(['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}']);
    assert.equal(who, 'system:serviceaccount:default:admin');
  });

  it('shows what changes with get -w while it happens', async () => {
    const args = ['--kubeconfig', kubeconfig, 'get', 'configmaps', '-w', '-o', 'name'];
    const watching = execa(cluster.tools.kubectl, args, { reject: false });
    let output = '';
    watching.stdout.on('data', text => {
      output += text;
    });
    try {
      await eventually(() => output.includes('kube-root-ca'), { withinMs: 20_000 });
      await cluster.client.create(builtin.configMaps, configMap('watched', {}));
      await eventually(() => output.includes('configmap/watched'), { withinMs: 5_000 });
    } finally {
      watching.kill();
      await watching;
    }
  });

  it('reaches pods: logs, exec over websocket, port-forward', async () => {
    await cluster.client.create(builtin.pods, pod('shell'));
    await eventually(
      async () =>
        (await cluster.client.get(builtin.pods, { namespace: 'default', name: 'shell' })).status
          ?.phase === 'Running',
      { withinMs: 20_000 },
    );
    assert.match(await works(['logs', 'shell']), /its node is played by kwok/);
    assert.equal(await works(['exec', 'shell', '--', 'echo', 'hello']), 'hello');
    const address = cluster.slot.address(201);
    const args = [
      '--kubeconfig',
      kubeconfig,
      'port-forward',
      '--address',
      address,
      'shell',
      '8081:80',
    ];
    const forward = execa(cluster.tools.kubectl, args, { reject: false });
    try {
      const answer = await eventually(
        async () => (await fetch(`http://${address}:8081/healthz`)).text(),
        { withinMs: 20_000 },
      );
      assert.equal(answer, 'ok');
    } finally {
      forward.kill();
      await forward;
    }
  });

  it('lists 50 MB equal to direct access, also to a reader who pauses', async () => {
    await cluster.client.create(builtin.namespaces, namespace('big'));
    for (let index = 0; index < 55; index++) {
      const data = { filler: String.fromCharCode(97 + (index % 26)).repeat(950_000) };
      await cluster.client.create(builtin.configMaps, configMap(`big-${index}`, data, 'big'));
    }
    const { metadata } = await cluster.client.list(builtin.configMaps, {
      namespace: 'big',
      limit: 1,
    });
    const path =
      `/api/v1/namespaces/big/configmaps?resourceVersion=${metadata.resourceVersion}` +
      '&resourceVersionMatch=Exact';
    const direct = await digest(() => cluster.client.request({ method: 'GET', path }));
    assert.ok(direct.bytes > 50_000_000, `${direct.bytes} bytes`);
    assert.deepEqual(await digest(() => get(through, path)), direct);
    assert.deepEqual(await digest(() => get(through, path), 2_000), direct);
  });

  it('ends a watch in the child when the client goes away', async () => {
    const path = '/api/v1/namespaces/big/secrets?watch=true&labelSelector=only%3Dhere';
    const before = await openWatches('secrets');
    const gone = new AbortController();
    const { body } = await get(through, path, gone.signal);
    body.on('error', () => {});
    await eventually(async () => (await openWatches('secrets')) > before, { withinMs: 10_000 });
    gone.abort();
    await eventually(async () => (await openWatches('secrets')) <= before, { withinMs: 10_000 });
  });

  /** Watches of a resource that the API server has open, as its own figures say. */
  async function openWatches(resource: string): Promise<number> {
    const { body } = await cluster.client.request({ method: 'GET', path: '/metrics' });
    const lines = (await text(body))
      .split('\n')
      .filter(
        line =>
          line.startsWith('apiserver_longrunning_requests{') &&
          line.includes(`resource="${resource}"`) &&
          line.includes('verb="WATCH"'),
      );
    return lines.reduce((sum, line) => sum + Number(line.split(' ').pop()), 0);
  }

  it('refuses who may not: anonymous, without the impersonator role, without rights on the id', async () => {
    await account('nobody', 'system:discovery');
    const nobody = await visitor('nobody');
    const status = async (headers: Record<string, string>) => {
      const { statusCode, body } = await nobody.request({ method: 'GET', path: '/api', headers });
      await text(body);
      return statusCode;
    };
    try {
      assert.equal(await status({}), 403);
      assert.equal(await status(asChildAdmin), 403);
      const anonymous = await status({ authorization: '' });
      assert.ok([401, 403].includes(anonymous), String(anonymous));
    } finally {
      await nobody.access.close();
    }
  });

  it('holds a quiet watch for as long as the client wants', async () => {
    const heldMs = performance.now() - held.openedAt;
    if (heldMs < HOLD_MS) await sleep(HOLD_MS - heldMs);
    assert.equal(held.body.readableEnded || held.body.destroyed, false);
    const next = once(held.body, 'data');
    await cluster.client.create(builtin.pods, pod('late'));
    assert.match(String((await next)[0]), /"name":"late"/);
  }).timeout(240_000);

  it('says so when the agent is gone, and works again when it is back', async () => {
    agent.stop.abort();
    await agent.done;
    const { exitCode, stderr } = await kubectl(['get', 'namespaces', '--request-timeout=3s']);
    assert.equal(exitCode, 1);
    assert.match(stderr, /is not connected|timeout|deadline/i);
    const { statusCode, headers, body } = await get(through, '/api');
    assert.equal(statusCode, 503);
    assert.equal(headers['retry-after'], '1');
    assert.match(await text(body), new RegExp(`Cluster ${child.clusterId} is not connected`));
    agent = startAgent();
    await eventually(() => works(['get', 'namespaces']), { withinMs: 20_000 });
  });
});

const admin = { namespace: 'default', name: 'admin' };

/** Longer than the 60 s at which upstream's hub cuts a watch; road-quiet-watch holds one for longer. */
const HOLD_MS = 65_000;

/** Reads an answer whole, pausing once in the middle. */
async function digest(read: () => ReturnType<KubeClient['request']>, pauseMs = 0) {
  const { statusCode, body } = await read();
  const hash = createHash('sha256');
  let bytes = 0;
  let paused = pauseMs === 0;
  for await (const piece of body) {
    hash.update(piece as Buffer);
    bytes += (piece as Buffer).length;
    if (!paused && bytes > 1_000_000) {
      paused = true;
      await sleep(pauseMs);
    }
  }
  return { statusCode, bytes, sha256: hash.digest('hex') };
}

function configMap(name: string, data: Record<string, string>, namespace = 'default'): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, data };
}

function pod(name: string): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'default', name },
    spec: { containers: [{ name: 'c', image: 'none' }] },
  };
}

function namespace(name: string): Namespace {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}
