import assert from 'node:assert/strict';
import { deployerAccess } from '../agent/apply/deployer-access.ts';
import { descriptionController } from '../agent/apply/description-controller.ts';
import { type Description, descriptions } from '../api/apps/description.ts';
import type { DynamicObject, KubeObject } from '../api/kube-object.ts';
import type { Resource } from '../api/resource.ts';
import { annotations, finalizers, namespaces, serviceAccounts } from '../api/well-known.ts';
import { startTestCluster, type TestCluster } from '../hack/local/test-cluster.ts';
import { builtin } from '../kube/builtin.ts';
import type { ConfigMap, Deployment } from '../kube/builtin-kinds.ts';
import { KubeClient } from '../kube/client.ts';
import { accessFromKubeconfig } from '../kube/kubeconfig-access.ts';
import { ResourceDiscovery } from '../kube/resource-discovery.ts';
import { Cache } from '../reconcile/cache.ts';
import { runController } from '../reconcile/controller.ts';
import { createLogger } from '../reconcile/logger.ts';
import { createRuntime } from '../reconcile/runtime.ts';
import { eventually } from '../test/eventually.ts';
import { suiteSignal } from '../test/suite-signal.ts';
import { applyAll, prepareForHub } from './hub-process.ts';

const dedicated = 'clusternet-one';
const withinMs = 30_000;

const inShop = (kind: string, name: string, fields: object, apiVersion = 'v1') => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'shop' },
  ...fields,
});
const shop = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
const settings = (data: object) => inShop('ConfigMap', 'settings', { data });

function web(replicas: number): object {
  const labels = { app: 'web' };
  const containers = [{ name: 'web', image: 'registry.k8s.io/pause:3.10' }];
  return inShop(
    'Deployment',
    'web',
    {
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers } },
      },
    },
    'apps/v1',
  );
}

const gadgets: Resource<DynamicObject> = {
  group: 'shop.example.com',
  version: 'v1',
  plural: 'gadgets',
  kind: 'Gadget',
  namespaced: true,
};
const gadgetDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'gadgets.shop.example.com' },
  spec: {
    group: 'shop.example.com',
    scope: 'Namespaced',
    names: { plural: 'gadgets', kind: 'Gadget' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        },
      },
    ],
  },
};

describe('applying in a real cluster', () => {
  const signal = suiteSignal(170_000);
  let cluster: TestCluster;
  let client: KubeClient;
  let stop: AbortController;
  let running: Promise<void>;

  before(async () => {
    cluster = await startTestCluster({ name: 'apply' }, signal);
    client = cluster.client;
    await prepareForHub(cluster, signal);
    const account = { name: serviceAccounts.appDeployer, namespace: namespaces.system };
    const rbac = 'rbac.authorization.k8s.io';
    const objects: DynamicObject[] = [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: dedicated } },
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: account },
      {
        apiVersion: `${rbac}/v1`,
        kind: 'ClusterRoleBinding',
        metadata: { name: 'deployer' },
        roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'admin' },
        subjects: [{ kind: 'ServiceAccount', ...account }],
      },
      {
        apiVersion: `${rbac}/v1`,
        kind: 'ClusterRole',
        metadata: {
          name: 'more-for-the-deployer',
          labels: { 'rbac.authorization.k8s.io/aggregate-to-admin': 'true' },
        },
        rules: [
          { apiGroups: [''], resources: ['namespaces'], verbs: ['*'] },
          { apiGroups: ['shop.example.com'], resources: ['gadgets'], verbs: ['*'] },
          {
            apiGroups: ['apiextensions.k8s.io'],
            resources: ['customresourcedefinitions'],
            verbs: ['*'],
          },
        ],
      },
    ];
    await applyAll(cluster, objects, signal);
  });

  after(() => cluster?.[Symbol.asyncDispose]());

  beforeEach(start);

  afterEach(async () => {
    await halt();
    for (const { metadata } of await client.listAll(descriptions, { namespace: dedicated })) {
      await client.patch(
        descriptions,
        { namespace: dedicated, name: metadata.name ?? '' },
        { type: 'merge', body: { metadata: { finalizers: null } } },
      );
      await client.delete(descriptions, { namespace: dedicated, name: metadata.name ?? '' });
    }
  });

  /** Starts the agent's part with accesses of its own, as a process would have. */
  function start() {
    stop = new AbortController();
    running = run();
  }

  async function run() {
    const access = await accessFromKubeconfig({ path: cluster.kubeconfigPath });
    const parent = createRuntime({
      access,
      component: 'clusternet-agent',
      instance: 'test',
      logger: createLogger('test', { write: () => true }),
    });
    const deploying = deployerAccess(parent.client);
    const deployer = new KubeClient(deploying);
    const cache = new Cache(deployer);
    const controller = descriptionController({
      parent,
      namespace: dedicated,
      child: parent.client,
      deployer: { client: deployer, cache },
      isParent: false,
    });
    parent.cache.start(stop.signal);
    cache.start(stop.signal);
    await runController(controller, parent, stop.signal);
    await Promise.all([parent.cache.stopped(), cache.stopped(), parent.events.flush()]);
    await Promise.all([access.close(), deploying.close()]);
  }

  async function halt() {
    stop.abort();
    await running;
  }

  async function deliver(
    name: string,
    objects: readonly object[],
    marks: Record<string, string> = {},
  ): Promise<void> {
    const raw = objects.map(object => Buffer.from(JSON.stringify(object)).toString('base64'));
    const description = {
      apiVersion: 'apps.clusternet.io/v1alpha1',
      kind: 'Description',
      metadata: { namespace: dedicated, name, annotations: marks, finalizers: [finalizers.apps] },
      spec: { deployer: 'Generic', raw },
    };
    await client.apply(descriptions, description, { fieldManager: 'hub', force: true });
  }

  const find = (name: string) => client.find(descriptions, { namespace: dedicated, name });

  function settled(name: string, phase: string): Promise<Description> {
    let last: Description | undefined;
    return eventually(
      async () => {
        last = await find(name);
        const [condition] = last?.status?.conditions ?? [];
        const current = condition?.observedGeneration === last?.metadata.generation;
        if (last?.status?.phase !== phase || !current)
          throw new Error(JSON.stringify(last?.status));
        return last;
      },
      { withinMs, describe: `${name} ${phase}` },
    );
  }

  async function withdraw(name: string) {
    await client.delete(descriptions, { namespace: dedicated, name });
    await eventually(async () => (await find(name)) === undefined, {
      withinMs,
      describe: `${name} is gone`,
    });
  }

  const key = (name: string) => ({ namespace: 'shop', name });
  const read = <T extends KubeObject>(resource: Resource<T>, name: string) =>
    client.find(resource, key(name));
  const messageOf = (description: Description) =>
    description.status?.conditions?.[0]?.message ?? '';

  it('brings a definition, a namespace, and what lives by them, from one Description', async () => {
    await deliver('app', [
      inShop('Gadget', 'g', { spec: { size: 9 } }, 'shop.example.com/v1'),
      web(2),
      settings({ color: 'blue' }),
      shop,
      gadgetDefinition,
    ]);
    const done = await settled('app', 'Success');
    assert.deepEqual((await read(gadgets, 'g'))?.spec, { size: 9 });
    assert.deepEqual(
      done.status?.manifestStatuses?.map(({ kind }) => kind),
      ['Gadget', 'Deployment', 'ConfigMap', 'Namespace', 'CustomResourceDefinition'],
    );
    await eventually(
      async () => {
        const statuses = (await find('app'))?.status?.manifestStatuses ?? [];
        const seen = statuses.find(({ kind }) => kind === 'Deployment')?.observedStatus;
        return (seen as Deployment['status'])?.replicas === 2;
      },
      { withinMs, describe: "the Deployment's status comes back" },
    );
    await deliver('app', [settings({ color: 'red' }), shop]);
    await settled('app', 'Success');
    assert.equal(await read(builtin.deployments, 'web'), undefined);
    assert.deepEqual((await read(builtin.configMaps, 'settings'))?.data, { color: 'red' });
    await withdraw('app');
    assert.equal(await client.find(builtin.namespaces, { name: 'shop' }), undefined);
  });

  it('undoes drift of every kind, and only drift', async () => {
    await deliver('app', [shop, settings({ color: 'blue' }), web(2)]);
    await settled('app', 'Success');
    const edit = (body: object) =>
      client.patch(builtin.configMaps, key('settings'), { type: 'merge', body });
    await edit({ data: { color: 'green', extra: 'theirs' } });
    const color = async () => (await read(builtin.configMaps, 'settings'))?.data?.color;
    await eventually(async () => (await color()) === 'blue', { withinMs, describe: 'edit' });
    assert.equal((await read(builtin.configMaps, 'settings'))?.data?.extra, 'theirs');
    await edit({ metadata: { labels: null, annotations: null } });
    const owner = async () =>
      (await read(builtin.configMaps, 'settings'))?.metadata.annotations?.[
        annotations.ownedByDescription
      ];
    await eventually(async () => (await owner()) !== undefined, { withinMs, describe: 'marks' });
    await client.delete(builtin.configMaps, key('settings'));
    await eventually(() => color(), { withinMs, describe: 'deletion' });
    await withdraw('app');
  });

  it('leaves the number of replicas to whoever scales, also when it applies again', async () => {
    await deliver('app', [shop, web(2)]);
    await settled('app', 'Success');
    const scale = { type: 'merge', body: { spec: { replicas: 5 } } } as const;
    await client.patch(builtin.deployments, key('web'), scale, {
      subresource: 'scale',
      fieldManager: 'autoscaler',
    });
    await deliver('app', [shop, web(3), settings({})]);
    await settled('app', 'Success');
    assert.equal((await read(builtin.deployments, 'web'))?.spec?.replicas, 5);
    await withdraw('app');
  });

  it('reports a namespace that is missing and applies once it is there', async () => {
    await deliver('app', [settings({ color: 'blue' })]);
    const failed = await settled('app', 'Failure');
    assert.equal(failed.status?.reason, 'NamespaceMissing');
    assert.match(messageOf(failed), /namespace shop does not exist/);
    await deliver('app', [settings({ color: 'blue' }), shop]);
    await settled('app', 'Success');
    await withdraw('app');
  });

  it('prints the right that is missing, and applies what it may', async () => {
    const lease = inShop('Lease', 'l', { spec: {} }, 'coordination.k8s.io/v1');
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole' };
    await deliver('app', [
      shop,
      { ...role, metadata: { name: 'power' }, rules: [] },
      lease,
      web(1),
    ]);
    const failed = await settled('app', 'Failure');
    assert.equal(failed.status?.reason, 'Forbidden');
    assert.match(messageOf(failed), /resources: \["clusterroles"\]/);
    assert.ok(await read(builtin.deployments, 'web'));
    await withdraw('app');
  });

  it("gives back the words of the cluster's own policy when that refuses an object", async () => {
    const policies = 'admissionregistration.k8s.io/v1';
    const policy: DynamicObject = {
      apiVersion: policies,
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: 'no-red' },
      spec: {
        matchConstraints: {
          resourceRules: [
            { apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['configmaps'] },
          ],
        },
        validations: [
          {
            expression:
              "!has(object.data) || !('color' in object.data) || object.data.color != 'red'",
            message: 'red is not allowed here',
          },
        ],
      },
    };
    const binding: DynamicObject = {
      apiVersion: policies,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: 'no-red' },
      spec: { policyName: 'no-red', validationActions: ['Deny'] },
    };
    await applyAll(cluster, [policy, binding], signal);
    const probe = { ...settings({ color: 'red' }), metadata: { name: 'p', namespace: 'default' } };
    const probing = { fieldManager: 'test', dryRun: true };
    const isEnforced = () =>
      client.apply(builtin.configMaps, probe, probing).then(
        () => false,
        () => true,
      );
    await eventually(isEnforced, { withinMs, describe: 'the policy is enforced' });
    await deliver('app', [shop, settings({ color: 'red' }), web(1)]);
    const failed = await settled('app', 'Failure');
    assert.equal(failed.status?.reason, 'AdmissionDenied');
    assert.match(messageOf(failed), /red is not allowed here/);
    assert.ok(await read(builtin.deployments, 'web'));
    await withdraw('app');
    const discovery = new ResourceDiscovery(client);
    for (const { kind } of [binding, policy]) {
      const resource = await discovery.resourceFor({ apiVersion: policies, kind });
      if (resource) await client.delete(resource, { name: 'no-red' });
    }
    await eventually(async () => !(await isEnforced()), {
      withinMs,
      describe: 'the policy is gone',
    });
  });

  it('reports what the API server finds invalid, by field', async () => {
    await deliver('app', [shop, inShop('Service', 'svc', { spec: { ports: [{ port: 0 }] } })]);
    const failed = await settled('app', 'Failure');
    assert.equal(failed.status?.reason, 'Invalid');
    assert.match(messageOf(failed), /spec\.ports\[0\]\.port/);
    await withdraw('app');
  });

  it('says that a kind is not served', async () => {
    await deliver('app', [shop, inShop('Spaceship', 's', {}, 'example.com/v1')]);
    const failed = await settled('app', 'Failure');
    assert.equal(failed.status?.reason, 'KindMissing');
    await withdraw('app');
  });

  it('respects what was there before, and takes it over when it may', async () => {
    await client.create(builtin.namespaces, shop);
    await client.create(builtin.configMaps, settings({ color: 'theirs' }) as ConfigMap);
    await deliver('app', [shop, settings({ color: 'ours' })]);
    const failed = await settled('app', 'Failure');
    assert.equal(failed.status?.reason, 'Conflict');
    assert.match(messageOf(failed), /manages \.data\.color/);
    await deliver('app', [shop, settings({ color: 'ours' })], { [annotations.adopt]: 'true' });
    await settled('app', 'Success');
    assert.deepEqual((await read(builtin.configMaps, 'settings'))?.data, { color: 'ours' });
    await withdraw('app');
  });

  it("takes over what upstream's agent delivered, fields that are no longer wanted included", async () => {
    const access = await accessFromKubeconfig({ path: cluster.kubeconfigPath });
    const upstream = new KubeClient(access, { userAgent: 'clusternet-agent/v0.18.0' });
    const theirs = settings({ color: 'blue', old: 'yes' }) as ConfigMap;
    const marks = {
      [annotations.ownedByDescription]: 'clusternet-abcde.app-xyz-generic',
      [annotations.lastAppliedConfiguration]: '{}',
    };
    await client.create(builtin.namespaces, shop);
    const metadata = { ...theirs.metadata, annotations: marks };
    await upstream.create(builtin.configMaps, { ...theirs, metadata });
    await access.close();
    await deliver('app', [settings({ color: 'red' })]);
    await settled('app', 'Success');
    const taken = await read(builtin.configMaps, 'settings');
    assert.deepEqual(taken?.data, { color: 'red' });
    assert.equal(taken?.metadata.annotations?.[annotations.lastAppliedConfiguration], undefined);
    await withdraw('app');
    assert.equal(await read(builtin.configMaps, 'settings'), undefined);
  });

  it('survives a restart without a write, and without forgetting what it has to prune', async () => {
    await client.delete(builtin.namespaces, { name: 'shop' });
    await eventually(async () => !(await client.find(builtin.namespaces, { name: 'shop' })), {
      withinMs,
    });
    await deliver('app', [shop, settings({ color: 'blue' }), web(1)]);
    await settled('app', 'Success');
    const version = async () =>
      (await read(builtin.configMaps, 'settings'))?.metadata.resourceVersion;
    await halt();
    const before = [await version(), (await find('app'))?.metadata.resourceVersion];
    start();
    await deliver('other', [shop].slice(1));
    await settled('other', 'Success');
    assert.deepEqual([await version(), (await find('app'))?.metadata.resourceVersion], before);
    await deliver('app', [shop, web(1)]);
    await settled('app', 'Success');
    await eventually(async () => (await read(builtin.configMaps, 'settings')) === undefined, {
      withinMs,
    });
    await withdraw('app');
  });
});
