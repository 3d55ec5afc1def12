import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { execa } from 'execa';
import type { Condition } from '../api/kube-object.ts';
import type { Resource } from '../api/resource.ts';
import type { Clusterctl } from '../hack/local/cluster-api/clusterctl.ts';
import { buildClusterctlRepository } from '../hack/local/cluster-api/clusterctl-repository.ts';
import { coreManagerImage } from '../hack/local/cluster-api/core-manager-image.ts';
import {
  type ClusterRequest,
  generateCluster,
} from '../hack/local/cluster-api/generate-cluster.ts';
import { initClusterApi } from '../hack/local/cluster-api/init-cluster-api.ts';
import { goModuleDirectory } from '../hack/local/go-module.ts';
import { LocalClusters } from '../hack/local/local-clusters.ts';
import { localDirectory } from '../hack/local/local-directory.ts';
import { type Cluster, clusters } from '../hack/local/provider/cluster.ts';
import { localClusters } from '../hack/local/provider/local-cluster.ts';
import { localControlPlanes } from '../hack/local/provider/local-control-plane.ts';
import { runLocalProvider } from '../hack/local/provider/run-local-provider.ts';
import { ensureTools, type Tools } from '../hack/local/tools.ts';
import { builtin } from '../kube/builtin.ts';
import type { Node } from '../kube/builtin-kinds.ts';
import { KubeClient } from '../kube/client.ts';
import { accessFromKubeconfig } from '../kube/kubeconfig-access.ts';
import { createLogger } from '../reconcile/logger.ts';
import { eventually } from '../test/eventually.ts';
import { suiteSignal } from '../test/suite-signal.ts';

const namespace = 'default';
const label = 'feature.node.kubernetes.io/cpu-cpuid.AVX2';
const clusterApi = 'sigs.k8s.io/cluster-api';

interface CompleteCluster extends Cluster {
  readonly status?: Cluster['status'] & {
    readonly phase?: string;
    readonly conditions?: readonly Condition[];
  };
}
const completeClusters: Resource<CompleteCluster> = clusters;

describe('the local Cluster API provider', () => {
  const signal = suiteSignal(240_000);
  const providing = new AbortController();
  let checkout: string;
  let tools: Tools;
  let machine: LocalClusters;
  let provider: Promise<void>;
  let client: KubeClient;
  let clusterctl: Clusterctl & { kubectl: string };

  before(async () => {
    tools = await ensureTools('all', () => {}, signal);
    checkout = await mkdtemp(join(tmpdir(), 'clusternet-provider-'));
    const directory = localDirectory(join(checkout, '.local'));
    const logger = createLogger('e2e', { write: () => {} });
    const images = [coreManagerImage(tools['cluster-api-core'])];
    const silent = { onChange: () => {}, report: () => {}, logger };
    machine = new LocalClusters({ directory, tools, images, ...silent });
    const { controlPlane } = await machine.ensure('parent', signal);
    client = controlPlane.client;
    const { config } = await buildClusterctlRepository({
      directory: join(checkout, 'clusterctl'),
      kubectl: tools.kubectl,
      clusterApiModule: await goModuleDirectory(clusterApi, signal),
      clusterApiVersion: 'v1.14.2',
      kubernetesVersion: controlPlane.version,
    });
    const kubeconfig = controlPlane.kubeconfigPath;
    clusterctl = { binary: tools.clusterctl, kubectl: tools.kubectl, config, kubeconfig };
    await initClusterApi(clusterctl, { addon: false }, signal);
    const options = { client, machine, kubernetesVersion: controlPlane.version, logger };
    provider = runLocalProvider(options, providing.signal);
  });

  after(async () => {
    providing.abort();
    await provider;
    await machine?.stop();
    await rm(checkout, { recursive: true, force: true });
  });

  async function create(request: ClusterRequest): Promise<void> {
    const { manifests } = await generateCluster(clusterctl, request, signal);
    const args = ['--kubeconfig', clusterctl.kubeconfig, 'apply', '-f', '-'];
    await execa(tools.kubectl, args, { input: manifests });
  }

  function clusterWhen(name: string, what: string, check: (cluster: CompleteCluster) => boolean) {
    return eventually(
      async () => {
        const cluster = await client.get(completeClusters, { namespace, name }, signal);
        assert.ok(check(cluster), JSON.stringify(cluster.status));
        return cluster;
      },
      { withinMs: 60_000, describe: `cluster ${name} ${what}` },
    );
  }

  const hasCondition = (type: string) => (cluster: CompleteCluster) =>
    cluster.status?.conditions?.some(each => each.type === type && each.status === 'True') ?? false;

  /** A client of the child, by nothing but the Secret of the contract. */
  async function childClient(name: string): Promise<KubeClient> {
    const key = { namespace, name: `${name}-kubeconfig` };
    const secret = await client.get(builtin.secrets, key, signal);
    assert.equal(secret.type, 'cluster.x-k8s.io/secret');
    assert.equal(secret.metadata.labels?.['cluster.x-k8s.io/cluster-name'], name);
    const text = Buffer.from(secret.data?.value ?? '', 'base64').toString();
    return new KubeClient(await accessFromKubeconfig({ text }));
  }

  async function workers(child: KubeClient): Promise<Node[]> {
    const nodes = await child.listAll(builtin.nodes, { labelSelector: label }, signal);
    return nodes.filter(({ status }) =>
      status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
    );
  }

  async function workersAre(child: KubeClient, count: number): Promise<void> {
    await eventually(
      async () => {
        assert.equal((await workers(child)).length, count);
        return true;
      },
      { withinMs: 20_000, describe: `${count} workers` },
    );
  }

  async function scale(name: string, replicas: number): Promise<void> {
    const body = { spec: { workers: [{ name: 'worker', replicas, labels: { [label]: 'true' } }] } };
    await client.patch(localClusters, { namespace, name }, { type: 'merge', body }, {}, signal);
  }

  it('makes a Cluster of the template a real one: Provisioned, Available, with the nodes asked for', async () => {
    await create({ name: 'child', workers: 2, nodeLabels: { [label]: 'true' } });
    const cluster = await clusterWhen('child', 'is available', hasCondition('Available'));
    assert.equal(cluster.status?.phase, 'Provisioned');
    // kubectl wait believes a condition only when it is about the present generation.
    for (const { type, observedGeneration } of cluster.status?.conditions ?? []) {
      assert.equal(observedGeneration, cluster.metadata.generation, type);
    }
    const child = await childClient('child');
    await workersAre(child, 2);
    const names = (await workers(child)).map(({ metadata }) => metadata.name).sort();
    assert.deepEqual(names, ['child-worker-1', 'child-worker-2']);
    await child.access.close();
  });

  it('follows the number of workers', async () => {
    const child = await childClient('child');
    await scale('child', 3);
    await workersAre(child, 3);
    await scale('child', 1);
    await workersAre(child, 1);
    await child.access.close();
  });

  it('follows groups and their labels', async () => {
    const child = await childClient('child');
    const groups = [
      { name: 'worker', replicas: 1, labels: { [label]: 'false' } },
      { name: 'plain', replicas: 2 },
    ];
    const patch = { type: 'merge', body: { spec: { workers: groups } } } as const;
    await client.patch(localClusters, { namespace, name: 'child' }, patch, {}, signal);
    const labelsAre = (expected: Record<string, string | undefined>) =>
      eventually(
        async () => {
          const nodes = await child.listAll(builtin.nodes, {}, signal);
          const played = nodes.filter(({ metadata }) => metadata.name !== 'child-runner');
          const found = played.map(({ metadata }) => [metadata.name, metadata.labels?.[label]]);
          assert.deepEqual(Object.fromEntries(found), expected);
          return true;
        },
        { withinMs: 20_000, describe: 'the labels' },
      );
    const plain = { 'child-plain-1': undefined, 'child-plain-2': undefined };
    await labelsAre({ 'child-worker-1': 'false', ...plain });
    await scale('child', 1);
    await labelsAre({ 'child-worker-1': 'true' });
    await child.access.close();
  });

  it('writes nothing while nothing changes', async () => {
    const versions = async () => {
      const key = { namespace, name: 'child' };
      const plane = await client.get(localControlPlanes, key, signal);
      const infrastructure = await client.get(localClusters, key, signal);
      const secret = await client.get(
        builtin.secrets,
        { namespace, name: 'child-kubeconfig' },
        signal,
      );
      return [plane, infrastructure, secret].map(({ metadata }) => metadata.resourceVersion);
    };
    await eventually(
      async () => {
        const { status } = await client.get(localClusters, { namespace, name: 'child' }, signal);
        return status?.readyReplicas === 1;
      },
      { describe: 'the status of the last change' },
    );
    const before = await settled(versions);
    const touch = { metadata: { annotations: { touched: 'yes' } } };
    // A change of the Cluster makes both controllers look again.
    await client.patch(
      clusters,
      { namespace, name: 'child' },
      { type: 'merge', body: touch },
      {},
      signal,
    );
    await create({ name: 'marker', workers: 0 });
    await clusterWhen('marker', 'is available', hasCondition('Available'));
    assert.deepEqual(await versions(), before);
  });

  it('leaves a paused Cluster alone and catches up afterwards', async () => {
    const pause = (paused: boolean) =>
      client.patch(
        clusters,
        { namespace, name: 'child' },
        { type: 'merge', body: { spec: { paused } } },
        {},
        signal,
      );
    const child = await childClient('child');
    await pause(true);
    await eventually(
      async () => {
        const { status } = await client.get(localClusters, { namespace, name: 'child' }, signal);
        return status?.conditions?.some(
          ({ type, status }) => type === 'Paused' && status === 'True',
        );
      },
      { withinMs: 10_000, describe: 'the condition Paused' },
    );
    await scale('child', 2);
    const { status } = await client.get(localClusters, { namespace, name: 'child' }, signal);
    assert.equal((await workers(child)).length, 1);
    assert.equal(status?.replicas, 1);
    await pause(false);
    await workersAre(child, 2);
    await child.access.close();
  });

  it('says which version it has when asked for another', async () => {
    await create({ name: 'old', workers: 0, kubernetesVersion: 'v1.20.0' });
    const plane = await eventually(
      async () => {
        const found = await client.get(localControlPlanes, { namespace, name: 'old' }, signal);
        return found.status?.conditions?.some(({ type }) => type === 'Available') && found;
      },
      { withinMs: 10_000, describe: 'a condition' },
    );
    const condition = plane.status?.conditions?.find(({ type }) => type === 'Available');
    assert.equal(condition?.reason, 'VersionNotAvailable');
    assert.match(
      condition?.message ?? '',
      /^spec\.version: v1\.20\.0 is not on this machine, only v/,
    );
  });

  it('rejects more than one replica of a control plane, naming the field', async () => {
    const key = { namespace, name: 'child' };
    const patch = { type: 'merge', body: { spec: { replicas: 3 } } } as const;
    await assert.rejects(
      client.patch(localControlPlanes, key, patch, {}, signal),
      /spec\.replicas/,
    );
  });

  it('removes a deleted cluster with every process and file of it, and no other', async () => {
    await client.delete(clusters, { namespace, name: 'child' }, {}, signal);
    await eventually(
      async () => !(await client.find(clusters, { namespace, name: 'child' }, signal)),
      {
        withinMs: 60_000,
        describe: 'the Cluster is gone',
      },
    );
    assert.deepEqual(
      machine
        .list()
        .map(({ name }) => name)
        .sort(),
      ['marker', 'parent'],
    );
    const directory = localDirectory(join(checkout, '.local'));
    const records = await readdir(directory.processes, { recursive: true });
    assert.deepEqual(
      records.filter(name => /child.*json$/.test(name)),
      [],
    );
    assert.deepEqual((await readdir(join(checkout, '.local/clusters'))).sort(), [
      'marker',
      'parent',
    ]);
  });
});

/** What `look` answers once it has answered the same ten times in a row. */
async function settled<T>(look: () => Promise<T>): Promise<T> {
  let last = await look();
  let same = 0;
  await eventually(
    async () => {
      const now = await look();
      same = isDeepStrictEqual(now, last) ? same + 1 : 0;
      last = now;
      return same >= 10;
    },
    { withinMs: 30_000, describe: 'rest' },
  );
  return last;
}
