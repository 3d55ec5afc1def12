import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { clusterRegistrationRequests } from '../api/clusters/cluster-registration-request.ts';
import { managedClusters } from '../api/clusters/managed-cluster.ts';
import { findCondition } from '../api/conditions.ts';
import { clusterDiscoveryPolicies } from '../api/discovery/cluster-discovery-policy.ts';
import { type DiscoveredCluster, discoveredClusters } from '../api/discovery/discovered-cluster.ts';
import { hubConnections } from '../api/discovery/hub-connection.ts';
import type { DynamicObject } from '../api/kube-object.ts';
import { apiVersionOf, type Resource } from '../api/resource.ts';
import { labels, namesFor, namespaces, secretNames } from '../api/well-known.ts';
import { goModuleDirectory } from '../hack/local/go-module.ts';
import { startTestCluster, type TestCluster } from '../hack/local/test-cluster.ts';
import { builtin } from '../kube/builtin.ts';
import type { CustomResourceDefinition } from '../kube/builtin-kinds.ts';
import { discoveryIdentity } from '../manifests/discovery.ts';
import { identityObjects } from '../manifests/identity.ts';
import { removeFinalizer } from '../reconcile/finalizers.ts';
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
const clusterFinalizer = 'cluster.cluster.x-k8s.io';
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

  async function createCluster(
    name: string,
    resource = clusters,
    state: object = { initialization: { controlPlaneInitialized: true } },
  ): Promise<void> {
    await parent.client.create(resource, {
      apiVersion: apiVersionOf(resource),
      kind: 'Cluster',
      metadata: { name, namespace: team, finalizers: [clusterFinalizer] },
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
    const patch = { type: 'merge', body: { status: state } } as const;
    const options = { subresource: 'status' };
    await parent.client.patch(resource, { namespace: team, name }, patch, options);
  }

  /** As Cluster API does it: the Cluster stays until its machines are gone. */
  async function deleteCluster(name: string): Promise<void> {
    const key = { namespace: team, name };
    await parent.client.delete(clusters, key);
    const cluster = await parent.client.get(clusters, key);
    await removeFinalizer(parent.client, clusters, cluster, clusterFinalizer);
  }

  /** Whether Cluster API serves Clusters in this version. */
  async function serve(version: string, served: boolean): Promise<void> {
    const key = { name: 'clusters.cluster.x-k8s.io' };
    const { spec } = await parent.client.get(builtin.customResourceDefinitions, key);
    const versions = spec.versions.map(each =>
      each.name === version ? { ...each, served } : each,
    );
    const patch = { type: 'merge', body: { spec: { versions } } } as const;
    await parent.client.patch(builtin.customResourceDefinitions, key, patch);
  }

  function untilRead(version: string): Promise<boolean> {
    return eventually(
      async () => {
        const policy = await parent.client.get(clusterDiscoveryPolicies, { name: 'default' });
        const found = findCondition(policy.status?.conditions, 'CAPIAvailable');
        return found?.message.endsWith(`/${version}`) === true;
      },
      { withinMs: 20_000, describe: `Clusters are read as ${version}` },
    );
  }

  function untilReason(name: string, reason: string): Promise<boolean> {
    return eventually(
      async () => {
        const found = await parent.client.find(discoveredClusters, { namespace: team, name });
        return found?.status?.conditions?.some(each => each.reason === reason) === true;
      },
      { withinMs: 30_000, describe: `${name} says ${reason}` },
    );
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
    await untilReason('copy', 'ClusterIDInUse');
    const after = await parent.client.get(discoveredClusters, key);
    assert.equal(after.metadata.resourceVersion, before.metadata.resourceVersion);
    await deleteCluster('copy');
  });

  it('goes on in v1beta1 when v1beta2 is no longer served, and loses nothing on the way', async () => {
    const key = { namespace: team, name: 'one' };
    const before = await parent.client.get(discoveredClusters, key);
    await serve('v1beta2', false);
    await untilRead('v1beta1');
    const old = { ...clusters, version: 'v1beta1' };
    const lastTransitionTime = '2026-01-01T00:00:00Z';
    const initialized = { type: 'ControlPlaneInitialized', status: 'True', lastTransitionTime };
    await createCluster('old', old, { conditions: [initialized] });
    await untilReason('old', 'ClusterIDInUse');
    const after = await parent.client.get(discoveredClusters, key);
    assert.equal(after.metadata.resourceVersion, before.metadata.resourceVersion);
    await serve('v1beta2', true);
    await untilRead('v1beta2');
    await deleteCluster('old');
    await createCluster('new');
    await untilReason('new', 'ClusterIDInUse');
    await deleteCluster('new');
  });

  it('signs the cluster off within ten seconds of its deletion', async () => {
    const { spec } = await parent.client.get(discoveredClusters, { namespace: team, name: 'one' });
    const clusterId = spec.clusterID ?? '';
    await deleteCluster('one');
    await eventually(
      async () => {
        const found = await Promise.all([
          parent.client.find(clusterRegistrationRequests, {
            name: namesFor.registrationRequest(clusterId),
          }),
          parent.client.find(builtin.namespaces, { name: namesFor.dedicatedNamespace(clusterId) }),
          parent.client.find(discoveredClusters, { namespace: team, name: 'one' }),
        ]);
        const left = found.filter(each => each !== undefined);
        if (left.length === 0) return true;
        throw new Error(`still there: ${left.map(each => each.kind).join()}`);
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
