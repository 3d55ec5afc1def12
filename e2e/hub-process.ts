import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { DynamicObject, KubeObject } from '../api/kube-object.ts';
import { namespaces } from '../api/well-known.ts';
import type { TestCluster } from '../hack/local/test-cluster.ts';
import { builtin } from '../kube/builtin.ts';
import type { CustomResourceDefinition, Service, TokenRequest } from '../kube/builtin-kinds.ts';
import { ResourceDiscovery } from '../kube/resource-discovery.ts';
import { childAccessObjects } from '../manifests/child-access.ts';
import { hubIdentity } from '../manifests/hub.ts';
import { identityObjects } from '../manifests/identity.ts';
import { eventually } from '../test/eventually.ts';

const root = join(import.meta.dirname, '..');
const service = 'clusternet-hub';

/** A hub that runs as a process of its own against a test cluster, reachable through the cluster's aggregator. */
export interface HubProcess {
  /** Where the hub itself listens, past the aggregator. */
  readonly port: number;
  /** Its log so far, one JSON document per line. */
  log(): string;
  kill(signal: NodeJS.Signals): Promise<void>;
}

export interface HubProcessOptions {
  readonly flags?: readonly string[];
}

/** Brings in the CRDs and the namespaces, and a Service by which the API server finds a hub on loopback. */
export async function prepareForHub(cluster: TestCluster, signal: AbortSignal): Promise<number> {
  const directory = join(root, 'manifests/crds');
  for (const file of await readdir(directory)) {
    const definition: CustomResourceDefinition = parse(
      await readFile(join(directory, file), 'utf8'),
    );
    await cluster.client.create(builtin.customResourceDefinitions, definition, signal);
  }
  for (const name of [namespaces.system, namespaces.reserved]) {
    const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    await cluster.client.create(builtin.namespaces, object, signal);
  }
  await applyAll(
    cluster,
    [...identityObjects(hubIdentity, namespaces.system), ...childAccessObjects()],
    signal,
  );
  const port = await freePort();
  const object: Service & DynamicObject = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: service, namespace: namespaces.system },
    spec: { type: 'ExternalName', externalName: 'localhost' } as never,
  };
  await cluster.client.create(builtin.services, object as Service, signal);
  await eventually(() => definitionsAreServed(cluster, signal), {
    withinMs: 20_000,
    describe: 'the CRDs are served',
  });
  return port;
}

/** Applies objects of any kind the cluster knows. */
export async function applyAll(
  cluster: TestCluster,
  objects: readonly KubeObject[],
  signal: AbortSignal,
): Promise<void> {
  const discovery = new ResourceDiscovery(cluster.client);
  for (const object of objects) {
    const resource = await discovery.resourceFor(object, signal);
    if (resource === undefined) throw new Error(`the cluster has no ${object.kind}`);
    await cluster.client.apply(resource, object, { fieldManager: 'test' }, signal);
  }
}

/** A kubeconfig with which one acts as a component's own ServiceAccount, and not as an administrator. */
export async function kubeconfigOf(cluster: TestCluster, name: string): Promise<string> {
  const { status } = await cluster.client.createSubresource<TokenRequest>(
    builtin.serviceAccounts,
    { namespace: namespaces.system, name },
    'token',
    { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
  );
  const { server, caBundle } = cluster.controlPlane;
  const path = join(cluster.controlPlane.directory, `${name}.kubeconfig`);
  const ca = Buffer.from(caBundle).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, 'certificate-authority-data': ca } }],
    users: [{ name: 'u', user: { token: status?.token } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  await writeFile(path, JSON.stringify(config), { mode: 0o600 });
  return path;
}

async function definitionsAreServed(cluster: TestCluster, signal: AbortSignal): Promise<boolean> {
  const all = await cluster.client.listAll(builtin.customResourceDefinitions, {}, signal);
  return all.every(({ status }) =>
    status?.conditions?.some(({ type, status: s }) => type === 'Established' && s === 'True'),
  );
}

/** Starts a hub and waits until it serves. */
export async function startHub(
  cluster: TestCluster,
  port: number,
  options: HubProcessOptions = {},
): Promise<HubProcess> {
  const flags = [
    ...['--kubeconfig', await kubeconfigOf(cluster, 'clusternet-hub')],
    ...['--secure-port', String(port), '--service-port', String(port)],
    ...['--metrics-port', '0', ...(options.flags ?? [])],
  ];
  const child = spawn(process.execPath, ['image/entrypoint.ts', 'hub', ...flags], {
    cwd: root,
    env: {
      ...process.env,
      NODE_ENV: 'production',
      CLUSTERNET_LOG_LEVEL: 'info',
      CLUSTERNET_BIND_ADDRESS: '127.0.0.1',
      POD_NAMESPACE: namespaces.system,
      // A restarted container is the same replica and resumes its own Lease at once.
      POD_UID: 'replica-1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', text => (log += text));
  const hub = { port, log: () => log, kill: (signal: NodeJS.Signals) => kill(child, signal) };
  await eventually(() => log.includes('"msg":"serving"') || child.exitCode !== null, {
    withinMs: 20_000,
    describe: 'the hub serves',
  });
  if (child.exitCode !== null) throw new Error(`the hub exited with ${child.exitCode}:\n${log}`);
  return hub;
}

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
