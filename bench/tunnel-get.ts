import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { devNull } from 'node:os';
import { Registry } from 'prom-client';
import { Pool } from 'undici';
import { runDialer } from '../agent/dial/dialer.ts';
import { dialerMetrics } from '../agent/dial/dialer-metrics.ts';
import { ChildConnections } from '../agent/serve/child-connections.ts';
import { childHandler } from '../agent/serve/serve.ts';
import { issueServing, makeAuthority } from '../hub/certificates/issue.ts';
import { rememberedAccess } from '../hub/server/access-review.ts';
import { authenticator } from '../hub/server/authentication.ts';
import { hubServer } from '../hub/server/hub-server.ts';
import { listen } from '../hub/server/listener.ts';
import { Sockets } from '../hub/sockets/sockets.ts';
import { KubeClient } from '../kube/client.ts';
import { systemClock } from '../reconcile/clock.ts';
import { createLogger } from '../reconcile/logger.ts';
import { startFakeApiServer } from '../test/fake-api-server.ts';
import { selfSigned } from '../test/tls-front.ts';
import { summarise } from './samples.ts';
import { report } from './test-bed.ts';

/**
 * One small GET through the hub's listener, a tunnel, the agent and a child that answers at once, beside the same GET straight at that
 * child. All ends are real and in this one process, so nothing runs beside anything else: the time of a GET is the work of all ends.
 */
const serial = Number(process.argv[2] ?? 400);
const rounds = 8;
const parallel = 64;
const clusterId = 'c0ffee00-0000-4000-8000-000000000001';
const userHeader = 'X-Remote-User';

/** What the parent's aggregator sends with a kubectl's request, a ServiceAccount token of the child included. */
const asked = {
  [userHeader]: 'clusternet',
  'X-Remote-Group': ['system:masters', 'system:authenticated'],
  'X-Remote-Extra-Clusternet-Token': `eyJ${'x'.repeat(900)}`,
  'User-Agent': 'kubectl/v1.36.0 (linux/amd64) kubernetes/0000000',
  Accept: 'application/json',
  'Accept-Encoding': 'gzip',
  'Audit-Id': '6e0f5c0e-6c6b-4f0e-9d25-3f5d0c0f6f10',
  'X-Forwarded-For': '127.0.0.1',
  'X-Forwarded-Host': 'localhost:6443',
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-Uri': '/apis/proxies.clusternet.io/v1alpha1/sockets',
};

const authority = await makeAuthority(new Date());
const serving = await issueServing(authority, ['localhost'], new Date());
const frontProxy = await selfSigned();
const child = await startChild();
await using parent = await startFakeApiServer();
const hub = await startHub(new KubeClient(parent.access()));
const stop = new AbortController();
const connections = new ChildConnections({
  server: new URL(child.origin),
  tls: { ca: authority.certificate },
});
const agent = runDialer(
  {
    parent: new URL(hub.origin),
    clusterId,
    token: () => 'agent',
    caBundle: authority.certificate,
    serve: childHandler(connections),
    build: 'bench',
    logger: quietLogger('agent'),
    metrics: dialerMetrics(new Registry()),
    onConnected: () => void measure().finally(() => stop.abort()),
  },
  stop.signal,
);
await agent;
await connections.close();
await hub.close();
child.close();

interface Path {
  readonly pool: Pool;
  readonly path: string;
}

async function measure(): Promise<void> {
  const small = '/api/v1/namespaces/default/configmaps/small';
  const through = `/apis/proxies.clusternet.io/v1alpha1/sockets/${clusterId}/proxy/direct${small}`;
  const paths: Record<string, Path> = {
    'direct, HTTP/1.1': { pool: poolOf(child.origin, false), path: small },
    'direct, HTTP/2': { pool: poolOf(child.origin, true), path: small },
    'tunnel, HTTP/1.1': { pool: poolOf(hub.origin, false), path: through },
    'tunnel, HTTP/2': { pool: poolOf(hub.origin, true), path: through },
  };
  const samples = Object.fromEntries(Object.keys(paths).map(name => [name, emptySamples()]));
  for (let turn = 0; turn <= rounds; turn++) {
    for (const [name, path] of Object.entries(paths)) {
      // In the first round the code is not compiled yet.
      await measureRound(path, turn === 0 ? emptySamples() : (samples[name] ?? emptySamples()));
    }
  }
  await Promise.all(Object.values(paths).map(({ pool }) => pool.close()));
  report(
    'tunnel-get',
    Object.fromEntries(
      Object.entries(samples).map(([name, { latency, cpu, cpuAt64, rate }]) => [
        name,
        {
          microseconds: summarise(latency),
          cpuMicroseconds: { serial: summarise(cpu).p50, at64: summarise(cpuAt64).p50 },
          perSecondAt64: summarise(rate).p50,
        },
      ]),
    ),
  );
}

function emptySamples() {
  return {
    latency: [] as number[],
    cpu: [] as number[],
    cpuAt64: [] as number[],
    rate: [] as number[],
  };
}

async function measureRound(
  path: Path,
  { latency, cpu, cpuAt64, rate }: ReturnType<typeof emptySamples>,
): Promise<void> {
  const before = process.cpuUsage();
  for (let i = 0; i < serial; i++) latency.push(await get(path));
  cpu.push(cpuSince(before) / serial);
  const each = Math.ceil(serial / 16);
  const [begin, between] = [performance.now(), process.cpuUsage()];
  await Promise.all(
    Array.from({ length: parallel }, async () => {
      for (let i = 0; i < each; i++) await get(path);
    }),
  );
  cpuAt64.push(cpuSince(between) / (parallel * each));
  rate.push((parallel * each * 1_000) / (performance.now() - begin));
}

function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** How long one GET takes, in microseconds. */
async function get({ pool, path }: Path): Promise<number> {
  const begin = performance.now();
  const { statusCode, body } = await pool.request({ method: 'GET', path, headers: asked });
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`${path}: ${statusCode} ${text}`);
  return (performance.now() - begin) * 1_000;
}

/** As the parent's aggregator connects: one HTTP/2 connection, or HTTP/1.1 when nothing else is offered. */
function poolOf(origin: string, allowH2: boolean): Pool {
  const { certificate, key } = frontProxy;
  return new Pool(origin, {
    allowH2,
    connections: allowH2 ? 1 : parallel,
    connect: { ca: authority.certificate, cert: certificate, key },
  });
}

async function startChild() {
  const answer = JSON.stringify({ kind: 'ConfigMap', data: { filler: 'x'.repeat(1_600) } });
  const { certificate: cert, key } = serving;
  const server = createSecureServer({ cert, key, allowHTTP1: true }, (_request, response) => {
    response.writeHead(200, {
      'audit-id': '1b8ee5c4-5b0e-4a2c-8a59-0c1f8a2f3a10',
      'cache-control': 'no-cache, private',
      'content-type': 'application/json',
      'content-length': answer.length,
      'x-kubernetes-pf-flowschema-uid': '5f3c6f3e-0a53-4a35-9d1b-3c2b1d8f6a11',
      'x-kubernetes-pf-prioritylevel-uid': '0d9f7c0b-7e0f-4c8e-8f0c-9b1c0b7f7d12',
    });
    response.end(answer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { origin: `https://localhost:${port}`, close: () => server.close() };
}

async function startHub(client: KubeClient) {
  const logger = quietLogger('hub');
  const frontProxyConfig = {
    clientCA: frontProxy.certificate,
    allowedNames: ['test'],
    usernameHeaders: [userHeader],
    uidHeaders: ['X-Remote-Uid'],
    groupHeaders: ['X-Remote-Group'],
    extraHeaderPrefixes: ['X-Remote-Extra-'],
  };
  const audit = logger.child({ log: 'audit' }, { redact: [] });
  const clock = systemClock;
  const api = hubServer({
    authenticate: authenticator({
      frontProxy: () => frontProxyConfig,
      reviewToken: async token => ({ name: token, groups: [], extra: {} }),
      now: () => clock.monotonic(),
    }),
    review: rememberedAccess(
      async () => ({ allowed: true, reason: '' }),
      () => clock.monotonic(),
    ),
    sockets: new Sockets({
      runtime: { client, clock, logger, metrics: new Registry() },
      namespace: 'default',
      replica: 'bench',
      build: 'bench',
      isKnown: () => true,
      isIdentityHeader: name => name.startsWith('x-remote-'),
    }),
    issueCredential: async () => ({}),
    live: () => [],
    ready: () => [],
    version: 'bench',
    audit: line => audit.info(line, 'request'),
    onError: error => logger.error({ err: error }, 'request failed'),
    now: () => clock.monotonic(),
  });
  const listener = await listen(
    { cert: serving.certificate, key: serving.key, clientCA: frontProxy.certificate },
    { address: '127.0.0.1', port: 0 },
  );
  listener.server.on('request', (incoming, response) =>
    api.handle(incoming, response, listener.peerOf(incoming)),
  );
  listener.server.on('upgrade', (incoming, socket, head) =>
    api.upgrade(incoming, socket, head, listener.peerOf(incoming)),
  );
  return { origin: `https://localhost:${listener.port}`, close: () => listener.close() };
}

/** Writes its lines, as in earnest, but where nobody reads them. */
function quietLogger(component: string) {
  return createLogger(component, createWriteStream(devNull));
}
