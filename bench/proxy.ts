import { createHash } from 'node:crypto';
import { builtin } from '../kube/builtin.ts';
import type { KubeClient, RawRequest } from '../kube/client.ts';
import { round, summarise } from './samples.ts';
import { type Child, openTestBed, report } from './test-bed.ts';
import { startTrivialBackend } from './trivial-backend.ts';

/**
 * One small GET and one 50 MB LIST: through the parent and the tunnel, straight at the child, and (the floor for anything
 * behind the parent) through the parent's aggregator to a backend that answers at once. Rounds alternate between the paths.
 * Where a GET's time goes is seen beside it, from answers that come from less far: a document of the hub's own, and the child's
 * version, for which its API server asks no etcd.
 */
const serial = Number(process.argv[2] ?? 300);
const parallel = 64;
await using bed = await openTestBed();
const [child] = bed.children;
if (child === undefined) throw new Error('the test bed has no children');
await using backend = await startTrivialBackend(bed.parent);
const token = await childToken(child);

interface Path {
  readonly client: KubeClient;
  request(path: string): RawRequest;
}
const hubApi = '/apis/proxies.clusternet.io/v1alpha1';
const asUser = { 'impersonate-user': 'clusternet', 'impersonate-extra-clusternet-token': token };
const paths: Record<string, Path> = {
  direct: { client: child.client, request: path => ({ method: 'GET', path }) },
  aggregator: { client: bed.parent, request: () => ({ method: 'GET', path: backend.path }) },
  tunnel: {
    client: bed.parent,
    request: path => ({
      method: 'GET',
      path: `${hubApi}/sockets/${child.id}/proxy/direct${path}`,
      headers: asUser,
    }),
  },
};
const stages: Record<string, Path> = {
  'the hub itself': {
    client: bed.parent,
    request: () => ({ method: 'GET', path: hubApi, headers: asUser }),
  },
  'version of the child, direct': {
    client: child.client,
    request: () => ({ method: 'GET', path: '/version' }),
  },
  'version of the child, tunnel': {
    client: bed.parent,
    request: () => ({
      method: 'GET',
      path: `${hubApi}/sockets/${child.id}/proxy/direct/version`,
      headers: asUser,
    }),
  },
};
const small = '/api/v1/namespaces/default/configmaps/bench-small';
await prepare(child);

const get: Record<string, unknown> = {};
const all = { ...paths, ...stages };
const latency = new Map<string, number[]>(Object.keys(all).map(name => [name, []]));
for (let turn = 0; turn < serial; turn++) {
  for (const [name, path] of Object.entries(all)) latency.get(name)?.push(await time(path, small));
}
for (const [name, path] of Object.entries(paths)) {
  const begin = performance.now();
  await Promise.all(
    Array.from({ length: parallel }, async () => {
      for (let i = 0; i < 30; i++) await time(path, small);
    }),
  );
  const perSecond = (parallel * 30 * 1000) / (performance.now() - begin);
  get[name] = {
    milliseconds: summarise(latency.get(name) ?? []),
    perSecondAt64: Math.round(perSecond),
  };
}
const { resourceVersion } = (
  await child.client.list(builtin.configMaps, { namespace: 'bench-list', limit: 1 })
).metadata;
const big = `/api/v1/namespaces/bench-list/configmaps?resourceVersion=${resourceVersion}&resourceVersionMatch=Exact`;
const list = new Map<string, { megabytesPerSecond: number[]; sha256: Set<string> }>();
for (let turn = 0; turn < 5; turn++) {
  for (const name of ['direct', 'tunnel']) {
    const { bytes, milliseconds, sha256 } = await download(paths[name] as Path, big);
    const entry = list.getOrInsertComputed(name, () => ({
      megabytesPerSecond: [],
      sha256: new Set<string>(),
    }));
    entry.megabytesPerSecond.push(round(bytes / 1000 / milliseconds));
    entry.sha256.add(sha256);
  }
}
await child.client.delete(builtin.namespaces, { name: 'bench-list' });
await child.client.delete(builtin.configMaps, { namespace: 'default', name: 'bench-small' });
report('proxy', {
  get,
  stages: Object.fromEntries(
    Object.keys(stages).map(name => [name, { milliseconds: summarise(latency.get(name) ?? []) }]),
  ),
  list: Object.fromEntries(
    [...list].map(([name, { megabytesPerSecond, sha256 }]) => [
      name,
      { megabytesPerSecond: summarise(megabytesPerSecond), sha256: [...sha256] },
    ]),
  ),
});

async function time({ client, request }: Path, path: string): Promise<number> {
  const begin = performance.now();
  const response = await client.request(request(path));
  const text = await response.body.text();
  if (response.statusCode !== 200) throw new Error(`${path}: ${response.statusCode} ${text}`);
  return performance.now() - begin;
}

async function download({ client, request }: Path, path: string) {
  const begin = performance.now();
  const response = await client.request(request(path));
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.length;
    hash.update(chunk);
  }
  if (response.statusCode !== 200) throw new Error(`${path}: ${response.statusCode}`);
  return { bytes, milliseconds: performance.now() - begin, sha256: hash.digest('hex') };
}

async function prepare({ client }: Child): Promise<void> {
  const configMap = (namespace: string, name: string, size: number) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace, name },
    data: { filler: 'x'.repeat(size) },
  });
  await client.apply(builtin.configMaps, configMap('default', 'bench-small', 1600), {
    fieldManager: 'bench',
  });
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bench-list' } };
  await client.apply(builtin.namespaces, namespace, { fieldManager: 'bench' });
  for (let i = 0; i < 100; i++) {
    await client.apply(builtin.configMaps, configMap('bench-list', `filler-${i}`, 500_000), {
      fieldManager: 'bench',
    });
  }
}

/** A token of an hour for an account that may read everything in the child. */
async function childToken({ client }: Child): Promise<string> {
  const account = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { namespace: 'default', name: 'bench' },
  };
  await client.apply(builtin.serviceAccounts, account, { fieldManager: 'bench' });
  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'bench' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', namespace: 'default', name: 'bench' }],
  };
  await client.apply(builtin.clusterRoleBindings, binding, { fieldManager: 'bench' });
  const body = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 3600 },
  };
  const key = { namespace: 'default', name: 'bench' };
  const answer = await client.createSubresource<{ status: { token: string } }>(
    builtin.serviceAccounts,
    key,
    'token',
    body,
  );
  return answer.status.token;
}
