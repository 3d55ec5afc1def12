import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import type { DynamicObject, KubeObject } from '../api/kube-object.ts';
import { runClusterctl } from '../hack/local/cluster-api/clusterctl.ts';
import { startTestCluster, type TestCluster } from '../hack/local/test-cluster.ts';
import { writeManifests } from '../hack/write-manifests.ts';
import { builtin } from '../kube/builtin.ts';
import { ResourceDiscovery } from '../kube/resource-discovery.ts';
import { agentObjects } from '../manifests/agent.ts';
import { suiteSignal } from '../test/suite-signal.ts';
import { applyObjects } from './apply-objects.ts';

const home = 'clusternet-system';
const version = '0.1.0';

/** Who may do what, as `verb resource.group/subresource [namespace/]name`; every line is asked of the API server. */
const allowed: Record<string, readonly string[]> = {
  'clusternet-hub': [
    'create namespaces',
    'create serviceaccounts/token clusternet-abc/clusternet-child',
    'bind clusterroles.rbac.authorization.k8s.io clusternet-system-child',
    'watch managedclusters.clusters.clusternet.io',
    'get configmaps kube-system/extension-apiserver-authentication',
    'create secrets clusternet-system/',
    'update secrets clusternet-system/clusternet-hub-tls',
    'patch apiservices.apiregistration.k8s.io v1alpha1.proxies.clusternet.io',
  ],
  'clusternet-scheduler': [
    'watch subscriptions.apps.clusternet.io',
    'patch subscriptions.apps.clusternet.io/status default/a',
    'update leases.coordination.k8s.io clusternet-system/clusternet-scheduler',
  ],
  'clusternet-discovery': [
    'watch clusters.cluster.x-k8s.io',
    'get secrets default/a-kubeconfig',
    'watch configmaps kube-public/cluster-info',
    'create clusterdiscoverypolicies.discovery.clusternet.io',
    'create serviceaccounts/token clusternet-abc/clusternet-bootstrap',
    'patch discoveredclusters.discovery.clusternet.io/status default/a',
  ],
  'clusternet-agent': [
    'list nodes',
    'create serviceaccounts/token clusternet-system/clusternet-app-deployer',
    'update secrets clusternet-system/parent-cluster',
    'create configmaps clusternet-system/',
  ],
  'clusternet-app-deployer': ['create deployments.apps demo/', 'delete services demo/a'],
};

const forbidden: Record<string, readonly string[]> = {
  'clusternet-hub': [
    'list pods',
    'get secrets kube-system/anything',
    'list secrets clusternet-system/',
    'create serviceaccounts/token kube-system/default',
    'create serviceaccounts/token clusternet-abc/clusternet-bootstrap',
    'bind clusterroles.rbac.authorization.k8s.io cluster-admin',
    'escalate clusterroles.rbac.authorization.k8s.io',
    'impersonate users clusternet',
    'update clusterroles.rbac.authorization.k8s.io clusternet-system-child',
  ],
  'clusternet-scheduler': [
    'get secrets',
    'patch managedclusters.clusters.clusternet.io',
    'update leases.coordination.k8s.io kube-system/kube-scheduler',
  ],
  'clusternet-discovery': [
    'list secrets default/',
    'watch secrets',
    'get configmaps kube-system/kubeadm-config',
    'create serviceaccounts/token clusternet-abc/clusternet-child',
    'patch clusters.cluster.x-k8s.io default/a',
    'delete managedclusters.clusters.clusternet.io',
  ],
  'clusternet-agent': [
    'get secrets clusternet-system/clusternet-hub-tls',
    'create deployments.apps demo/',
    'create serviceaccounts/token clusternet-system/clusternet-hub',
    'update leases.coordination.k8s.io clusternet-system/clusternet-hub',
  ],
  'clusternet-app-deployer': [
    'create clusterroles.rbac.authorization.k8s.io',
    'create rolebindings.rbac.authorization.k8s.io demo/',
    'create customresourcedefinitions.apiextensions.k8s.io',
    'impersonate users clusternet',
  ],
};

describe('the add-on, as clusterctl renders it, on a real API server', () => {
  const signal = suiteSignal(170_000);
  let cluster: TestCluster;
  let rendered: readonly KubeObject[];

  before(async () => {
    cluster = await startTestCluster({ name: 'addon' }, signal);
    rendered = parse(await generateProvider(cluster, {}));
    await applyObjects(cluster.client, rendered, signal);
  });

  after(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  it('is accepted whole', async () => {
    const discovery = new ResourceDiscovery(cluster.client);
    for (const object of rendered) {
      const resource = await discovery.resourceFor(object, signal);
      assert.ok(resource, object.kind);
      const { name = '' } = object.metadata;
      const namespace = resource.namespaced ? { namespace: home } : {};
      const live = await cluster.client.get(resource, { ...namespace, name }, signal);
      assert.equal(live.metadata.name, name);
    }
  });

  it('takes its variables from the environment', async () => {
    const objects = parse(
      await generateProvider(cluster, {
        CLUSTERNET_HUB_REPLICAS: '0',
        CLUSTERNET_DISCOVERY_MODE: 'OptIn',
        CLUSTERNET_PARENT_URL: 'https://parent.example.com:6443',
        CLUSTERNET_SELF_NAME: '123',
      }),
    ) as readonly (DynamicObject & { spec: Record<string, unknown> })[];
    const find = (kind: string, name: string) =>
      objects.find(each => each.kind === kind && each.metadata.name === name);
    assert.equal(find('Deployment', 'clusternet-hub')?.spec.replicas, 0);
    const text = JSON.stringify(find('Deployment', 'clusternet-discovery'));
    assert.match(text, /"CLUSTERNET_PARENT_URL","value":"https:\/\/parent\.example\.com:6443"/);
    assert.match(text, /"CLUSTERNET_DISCOVERY_MODE","value":"OptIn"/);
    assert.match(text, /"CLUSTERNET_SELF_NAME","value":"123"/);
  });

  for (const [account, lines] of Object.entries(allowed)) {
    it(`lets ${account} do its work`, async () => {
      for (const line of lines) assert.equal(await may(cluster, account, line), true, line);
    });
  }

  for (const [account, lines] of Object.entries(forbidden)) {
    it(`lets ${account} do nothing else`, async () => {
      for (const line of lines) assert.equal(await may(cluster, account, line), false, line);
    });
  }

  it('puts an agent into a child whose deployer may do anything there, and the agent little', async () => {
    const child = agentObjects({
      namespace: 'clusternet-child-test',
      image: 'example.com/clusternet:v1',
      replicas: 1,
      deployerRole: 'ClusterAdmin',
      parentURL: cluster.controlPlane.server,
      caBundle: cluster.controlPlane.caBundle,
      bootstrapToken: 'token',
    });
    // In the parent's own cluster the names of cluster-wide roles are taken: the deployer's role cannot change.
    const namespaced = child.filter(({ kind }) => !kind.startsWith('ClusterRole'));
    await applyObjects(cluster.client, namespaced, signal);
    const ask = (account: string, line: string) =>
      may(cluster, account, line, 'clusternet-child-test');
    assert.equal(await ask('clusternet-agent', 'create secrets clusternet-child-test/'), true);
    assert.equal(await ask('clusternet-agent', 'create secrets demo/'), false);
  });
});

/** What `clusterctl generate provider` makes of the repository that a build writes. */
async function generateProvider(
  cluster: TestCluster,
  variables: Readonly<Record<string, string>>,
): Promise<string> {
  const directory = join(cluster.controlPlane.directory, 'clusterctl');
  await mkdir(directory, { recursive: true });
  await writeManifests(directory, version);
  const config = join(directory, 'clusterctl.yaml');
  const url = join(directory, `clusterctl/addon-clusternet/v${version}/addon-components.yaml`);
  const provider = { name: 'clusternet', type: 'AddonProvider', url };
  await writeFile(config, stringify({ providers: [provider] }));
  const { clusterctl: binary } = cluster.tools;
  return runClusterctl(
    { binary, config, kubeconfig: cluster.kubeconfigPath },
    ['generate', 'provider', '--addon', `clusternet:v${version}`],
    { env: variables },
    AbortSignal.timeout(30_000),
  );
}

function parse(text: string): readonly KubeObject[] {
  return parseAllDocuments(text).map(document => document.toJS() as KubeObject);
}

/** Asks the API server whether a ServiceAccount may do what the line says. */
async function may(
  cluster: TestCluster,
  account: string,
  line: string,
  namespace = home,
): Promise<boolean> {
  const [verb = '', kind = '', target = ''] = line.split(' ');
  const [resource = '', subresource] = kind.split('/');
  const [plural = '', ...group] = resource.split('.');
  const slash = target.indexOf('/');
  const review = await cluster.client.create(builtin.subjectAccessReviews, {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    metadata: {},
    spec: {
      user: `system:serviceaccount:${namespace}:${account}`,
      groups: ['system:serviceaccounts', 'system:authenticated'],
      resourceAttributes: {
        verb,
        group: group.join('.'),
        resource: plural,
        ...(subresource !== undefined && { subresource }),
        ...(slash >= 0 && { namespace: target.slice(0, slash) }),
        name: target.slice(slash + 1),
      },
    },
  });
  return review.status?.allowed === true;
}
