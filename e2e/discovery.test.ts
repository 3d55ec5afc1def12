import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { clusterRegistrationRequests } from '../api/clusters/cluster-registration-request.ts';
import { managedClusters } from '../api/clusters/managed-cluster.ts';
import { type DiscoveredCluster, discoveredClusters } from '../api/discovery/discovered-cluster.ts';
import { hubConnections } from '../api/discovery/hub-connection.ts';
import type { DynamicObject } from '../api/kube-object.ts';
import type { Resource } from '../api/resource.ts';
import { labels, namesFor, namespaces, secretNames } from '../api/well-known.ts';
import { goModuleDirectory } from '../hack/local/go-module.ts';
import { startTestCluster, type TestCluster } from '../hack/local/test-cluster.ts';
import { builtin } from '../kube/builtin.ts';
import type { CustomResourceDefinition } from '../kube/builtin-kinds.ts';
import { discoveryIdentity } from '../manifests/discovery.ts';
import { identityObjects } from '../manifests/identity.ts';
import { eventually } from '../test/eventually.ts';
import { suiteSignal } from '../test/suite-signal.ts';
import { ComponentProcess } from './component-process.ts';
import { applyAll, type HubProcess, kubeconfigOf, prepareForHub, startHub } from './hub-process.ts';

const clusters: Resource<DynamicObject> = {
  group: 'cluster.x-k8s.io',
  version: 'v1beta2',
  plural: 'clusters',
  kind: 'Cluster',
  namespaced: true,
};
const team = 'team';
const system = namespaces.system;

describe('discovery on real clusters', () => {
  const signal = suiteSignal(170_000);
  let parent: TestCluster;
  let child: TestCluster;
  let hub: HubProcess;
  let discovery: ComponentProcess;
  const processes: ComponentProcess[] = [];

  before(async () => {
    [parent, child] = await Promise.all([
      startTestCluster({ name: 'parent' }, signal),
      startTestCluster({ name: 'child' }, signal),
    ]);
    const port = await prepareForHub(parent, signal);
    await applyAll(parent, identityObjects(discoveryIdentity, system), signal);
    await installClusterDefinition(parent, signal);
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: team } };
    await parent.client.create(builtin.namespaces, namespace, signal);
    const { server, caBundle } = parent.controlPlane;
    await parent.client.create(
      hubConnections,
      {
        apiVersion: 'discovery.clusternet.io/v1alpha1',
        kind: 'HubConnection',
        metadata: { name: 'default' },
        spec: { server, caBundle: base64(caBundle), joinSelf: false },
      },
      signal,
    );
    hub = await startHub(parent, port);
    discovery = await start('discovery', parent, 'clusternet-discovery', [
      ...['--agent-image', 'example.test/clusternet:v1'],
      ...['--health-addr', '127.0.0.1:0', '--diagnostics-address', '0'],
    ]);
  });

  after(async () => {
    await Promise.all(processes.map(each => each.kill('SIGTERM')));
    await hub?.kill('SIGTERM');
    await Promise.all([parent, child].map(cluster => cluster?.[Symbol.asyncDispose]()));
  });

  /** Runs a component with the rights of its own ServiceAccount. */
  async function start(component: string, cluster: TestCluster, account: string, flags: string[]) {
    const kubeconfig = await kubeconfigOf(cluster, account);
    const started = new ComponentProcess(component, ['--kubeconfig', kubeconfig, ...flags]);
    processes.push(started);
    return started;
  }

  async function createCluster(name: string): Promise<void> {
    await parent.client.create(clusters, {
      apiVersion: 'cluster.x-k8s.io/v1beta2',
      kind: 'Cluster',
      metadata: { name, namespace: team },
      spec: { controlPlaneEndpoint: { host: 'child.test', port: 6443 } },
    });
    await parent.client.create(builtin.secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: `${name}-kubeconfig`,
        namespace: team,
        labels: { 'cluster.x-k8s.io/cluster-name': name },
      },
      type: 'cluster.x-k8s.io/secret',
      data: { value: base64(await readFile(child.kubeconfigPath, 'utf8')) },
    });
    const body = { status: { initialization: { controlPlaneInitialized: true } } };
    const status = { subresource: 'status' };
    await parent.client.patch(clusters, { namespace: team, name }, { type: 'merge', body }, status);
  }

  function untilPhase(name: string, phase: string, withinMs = 20_000): Promise<DiscoveredCluster> {
    return eventually(
      async () => {
        const found = await parent.client.get(discoveredClusters, { namespace: team, name });
        if (found.status?.phase === phase) return found;
        throw new Error(JSON.stringify(found.status));
      },
      { withinMs, describe: `${name} is ${phase}` },
    );
  }

  it('installs an agent that joins with the one-cluster token it is given', async () => {
    await createCluster('one');
    const { spec } = await untilPhase('one', 'Joining');
    const namespace = namesFor.dedicatedNamespace(spec.clusterID ?? '');
    const managed = await parent.client.get(managedClusters, { namespace, name: 'one' });
    assert.equal(managed.metadata.labels?.[labels.capiNamespace], team);
    const deployment = { namespace: system, name: 'clusternet-agent' };
    await child.client.get(builtin.deployments, deployment);
    await start('agent', child, 'clusternet-agent', ['--secure-port', '0']);
    const credential = { namespace: system, name: secretNames.parentCluster };
    await eventually(
      async () => (await child.client.find(builtin.secrets, credential))?.data?.token,
      { withinMs: 20_000, describe: 'the agent has its own credential' },
    );
    await untilPhase('one', 'Joined');
  });

  it('needs no more than the rights of its manifests', () => {
    assert.doesNotMatch(discovery.log(), /forbidden/i);
    assert.doesNotMatch(discovery.log(), /eyJ|BEGIN .*PRIVATE KEY/);
  });

  it('goes on after a restart without a write', async () => {
    const key = { namespace: team, name: 'one' };
    const before = await parent.client.get(discoveredClusters, key);
    await discovery.kill('SIGKILL');
    discovery = await start('discovery', parent, 'clusternet-discovery', [
      ...['--agent-image', 'example.test/clusternet:v1'],
      ...['--health-addr', '127.0.0.1:0', '--diagnostics-address', '0'],
    ]);
    await createCluster('copy');
    await eventually(
      async () => {
        const found = await parent.client.find(discoveredClusters, { ...key, name: 'copy' });
        const conditions = found?.status?.conditions ?? [];
        return conditions.some(({ reason }) => reason === 'ClusterIDInUse');
      },
      { withinMs: 30_000, describe: 'the copy is refused' },
    );
    const after = await parent.client.get(discoveredClusters, key);
    assert.equal(after.metadata.resourceVersion, before.metadata.resourceVersion);
    await parent.client.delete(clusters, { ...key, name: 'copy' });
  });

  it('signs the cluster off within ten seconds of its deletion', async () => {
    const { spec } = await parent.client.get(discoveredClusters, { namespace: team, name: 'one' });
    const clusterId = spec.clusterID ?? '';
    await parent.client.delete(clusters, { namespace: team, name: 'one' });
    await eventually(
      async () => {
        const [request, namespace, discovered] = await Promise.all([
          parent.client.find(clusterRegistrationRequests, {
            name: namesFor.registrationRequest(clusterId),
          }),
          parent.client.find(builtin.namespaces, { name: namesFor.dedicatedNamespace(clusterId) }),
          parent.client.find(discoveredClusters, { namespace: team, name: 'one' }),
        ]);
        return !(request || namespace || discovered);
      },
      { withinMs: 10_000, describe: 'request, namespace and DiscoveredCluster are gone' },
    );
    assert.ok(
      await child.client.find(builtin.namespaces, { name: system }),
      'the child is untouched',
    );
  });
});

/** Cluster API's own definition of Clusters; its conversion webhook is not needed for one version. */
async function installClusterDefinition(cluster: TestCluster, signal: AbortSignal): Promise<void> {
  const module = await goModuleDirectory('sigs.k8s.io/cluster-api', signal);
  const path = join(module, 'core/config/crd/bases/cluster.x-k8s.io_clusters.yaml');
  const definition: CustomResourceDefinition = parse(await readFile(path, 'utf8'));
  await cluster.client.create(builtin.customResourceDefinitions, definition, signal);
  const key = { name: 'clusters.cluster.x-k8s.io' };
  await eventually(async () => {
    const { status } = await cluster.client.get(builtin.customResourceDefinitions, key);
    return status?.conditions?.some(
      ({ type, status }) => type === 'Established' && status === 'True',
    );
  });
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
