import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type ManagedCluster, managedClusters } from '../api/clusters/managed-cluster.ts';
import { customKinds } from '../api/custom-kinds.ts';
import type { Condition, DynamicObject, KubeObject } from '../api/kube-object.ts';
import type { Resource } from '../api/resource.ts';
import { apiVersionOf } from '../api/resource.ts';
import { startTestCluster, type TestCluster } from '../hack/local/test-cluster.ts';
import { ApiError } from '../kube/api-error.ts';
import { builtin } from '../kube/builtin.ts';
import { eventually } from '../test/eventually.ts';
import { suiteSignal } from '../test/suite-signal.ts';

const directory = join(import.meta.dirname, '../manifests/crds');
const id = '0b5cfa6f-2bd5-4f0e-8d9b-9d6c5a1e7f11';
const selector = { matchLabels: { 'node.clusternet.io/gpu': 'a100' } };
const feed = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'demo', name: 'web' };
const helm = { repo: 'https://charts.example.com/stable', chart: 'nginx', targetNamespace: 'web' };

/** One sound object of each kind, without apiVersion and metadata. */
const examples: Record<string, Record<string, unknown>> = {
  ClusterRegistrationRequest: { spec: { clusterId: id, clusterName: 'a'.repeat(63) } },
  ManagedCluster: {
    spec: {
      clusterId: id,
      syncMode: 'Pull',
      taints: [{ key: 'clusters.clusternet.io/bootstrapping', effect: 'NoSchedule' }],
    },
  },
  Subscription: {
    spec: {
      subscribers: [{ clusterAffinity: selector, weight: 1 }],
      clusterTolerations: [{ operator: 'Exists' }],
      feeds: [feed],
    },
  },
  Base: { spec: { feeds: [feed] } },
  Description: { spec: { deployer: 'Generic', raw: [btoa('{"kind":"Pod"}')] } },
  Manifest: { template: { apiVersion: 'v1', kind: 'ConfigMap', unheard: { of: [1, null] } } },
  HelmChart: { spec: helm },
  HelmRelease: {
    spec: { ...helm, repo: 'oci://registry.example.com/charts', overrides: btoa('{}') },
  },
  Localization: {
    spec: { feed, overrides: [{ name: 'one', type: 'MergePatch', value: '{"a":1}' }] },
  },
  Globalization: {
    spec: { clusterAffinity: {}, overrides: [{ type: 'JSONPatch', value: '[]' }] },
  },
  ResourceInterpreter: {
    spec: {
      target: { apiVersion: 'example.com/v1', kind: 'Fleet' },
      replicas: { path: '.spec.ships', expression: 'object.spec.ships' },
      requirements: { podSpec: '.spec.crew' },
    },
  },
  FeedInventory: {
    spec: {
      feeds: [
        {
          ...feed,
          desiredReplicas: 0,
          replicaRequirements: { resources: { requests: { cpu: '100m', memory: 1024 } } },
          replicaJsonPath: '/spec/replicas',
        },
      ],
    },
  },
  HubConnection: {},
  ClusterDiscoveryPolicy: {
    spec: { propagation: [{ prefix: 'team.example.com/' }], clusterSelector: selector },
  },
  DiscoveredCluster: {
    spec: { clusterRef: { apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'Cluster', name: 'a' } },
  },
  ServiceExport: {},
  ServiceImport: { spec: { type: 'ClusterSetIP', ports: [{ port: 80 }] } },
};

/** Objects that must be refused: kind, what is wrong, the fields, and what the message says. */
const refusals: readonly (readonly [string, string, Record<string, unknown>, RegExp])[] = [
  [
    'ClusterRegistrationRequest',
    'a cluster id with something after it',
    { spec: { clusterId: `${id}x` } },
    /spec\.clusterId.*should match/,
  ],
  ['ClusterRegistrationRequest', 'no cluster id', { spec: {} }, /spec\.clusterId: Required value/],
  [
    'ClusterRegistrationRequest',
    'a name in capitals',
    { spec: { clusterId: id, clusterName: 'Edge' } },
    /spec\.clusterName: Invalid value: "Edge"/,
  ],
  [
    'ClusterRegistrationRequest',
    'a name too long for a DNS label',
    { spec: { clusterId: id, clusterName: 'a'.repeat(64) } },
    /spec\.clusterName: Too long/,
  ],
  [
    'ClusterRegistrationRequest',
    'an unknown sync mode',
    { spec: { clusterId: id, syncMode: 'Shove' } },
    /spec\.syncMode: Unsupported value: "Shove": supported values: "Push", "Pull", "Dual"/,
  ],
  ['ManagedCluster', 'no sync mode', { spec: { clusterId: id } }, /spec\.syncMode: Required value/],
  [
    'Subscription',
    'a subscriber without affinity',
    { spec: { subscribers: [{}], feeds: [] } },
    /clusterAffinity: Required value/,
  ],
  ['Subscription', 'no feeds', { spec: { subscribers: [] } }, /spec\.feeds: Required value/],
  [
    'Subscription',
    'a negative weight',
    { spec: { subscribers: [{ clusterAffinity: {}, weight: -1 }], feeds: [] } },
    /spec\.subscribers\[0\]\.weight: Invalid value: -1/,
  ],
  [
    'Base',
    'a feed without name',
    { spec: { feeds: [{ kind: 'Pod', apiVersion: 'v1' }] } },
    /spec\.feeds\[0\]\.name: Required/,
  ],
  [
    'Description',
    'an unknown deployer',
    { spec: { deployer: 'Hope' } },
    /spec\.deployer: Unsupported value: "Hope"/,
  ],
  ['Manifest', 'no template', {}, /template: Required value/],
  ['HelmChart', 'a repository that is none', { spec: { ...helm, repo: 'ftp://x' } }, /spec\.repo/],
  [
    'Localization',
    'a priority above 1000',
    { spec: { priority: 1001 } },
    /spec\.priority: Invalid value: 1001/,
  ],
  [
    'Globalization',
    'an unknown type of override',
    { spec: { overrides: [{ type: 'StrategicMerge', value: '{}' }] } },
    /spec\.overrides\[0\]\.type: Unsupported value: "StrategicMerge"/,
  ],
  [
    'ClusterDiscoveryPolicy',
    'a propagation with both key and prefix',
    { spec: { propagation: [{ key: 'a', prefix: 'b' }] } },
    /spec\.propagation\[0\].*set exactly one of key and prefix/,
  ],
  [
    'ClusterDiscoveryPolicy',
    'a grace period in words',
    { spec: { gracePeriod: '5 minutes' } },
    /spec\.gracePeriod/,
  ],
  [
    'ClusterDiscoveryPolicy',
    'an unknown mode',
    { spec: { mode: 'Some' } },
    /spec\.mode: Unsupported value: "Some"/,
  ],
  ['HubConnection', 'a server without scheme', { spec: { server: 'parent:6443' } }, /spec\.server/],
  [
    'DiscoveredCluster',
    'an unknown takeover',
    { spec: { takeover: 'Please' } },
    /spec\.takeover: Unsupported value: "Please": supported values: "Adopt", "Force"/,
  ],
  [
    'ServiceImport',
    'two addresses',
    { spec: { type: 'ClusterSetIP', ports: [], ips: ['10.0.0.1', '10.0.0.2'] } },
    /spec\.ips: Too many: 2: must have at most 1 item/,
  ],
];

function resourceOf(kind: string): Resource {
  return customKinds.find(each => each.resource.kind === kind)?.resource ?? assert.fail(kind);
}

function objectOf(kind: string, name: string, fields: Record<string, unknown>): DynamicObject {
  const resource = resourceOf(kind);
  const namespace = resource.namespaced ? { namespace: 'default' } : {};
  return { apiVersion: apiVersionOf(resource), kind, metadata: { ...namespace, name }, ...fields };
}

describe('our kinds on a real API server', () => {
  const signal = suiteSignal(170_000);
  let cluster: TestCluster;

  before(async () => {
    cluster = await startTestCluster({ name: 'crds' }, signal);
    for (const name of await readdir(directory)) {
      const crd = parse(await readFile(join(directory, name), 'utf8'));
      await cluster.client.create(builtin.customResourceDefinitions, crd, signal);
    }
  });

  after(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  it('are established and structural, every one of them', async () => {
    const all = await eventually(
      async () => {
        const crds = await cluster.client.listAll(builtin.customResourceDefinitions, {}, signal);
        const ready = crds.filter(
          crd => statusOf(crd.status?.conditions, 'Established') === 'True',
        );
        return ready.length === customKinds.length ? ready : undefined;
      },
      { describe: 'every CustomResourceDefinition is Established' },
    );
    for (const crd of all) {
      assert.equal(statusOf(crd.status?.conditions, 'NamesAccepted'), 'True');
      assert.equal(statusOf(crd.status?.conditions, 'NonStructuralSchema'), undefined);
    }
  });

  for (const kind of customKinds.map(each => each.resource.kind)) {
    it(`accept a sound ${kind}`, async () => {
      const object = objectOf(
        kind,
        'sound',
        examples[kind] ?? assert.fail(`no example of ${kind}`),
      );
      const created = await cluster.client.create(resourceOf(kind), object, signal);
      assertContains(created, object);
    });
  }

  for (const [index, [kind, wrong, fields, message]] of refusals.entries()) {
    it(`refuse a ${kind} with ${wrong}, naming the field`, async () => {
      const refused = objectOf(kind, `bad-${index}`, fields);
      await assert.rejects(cluster.client.create(resourceOf(kind), refused, signal), error => {
        assert.ok(error instanceof ApiError);
        assert.equal(error.code, 422);
        assert.match(error.message, message);
        return true;
      });
    });
  }

  it('fill in the defaults', async () => {
    const spec = async (kind: string, fields: Record<string, unknown>) => {
      const object = objectOf(kind, 'defaults', fields);
      const created = await cluster.client.create(resourceOf(kind), object, signal);
      return (created as DynamicObject).spec;
    };
    assert.deepEqual(await spec('HubConnection', {}), { joinSelf: true });
    assert.deepEqual(await spec('ClusterDiscoveryPolicy', {}), {
      hubRef: { name: 'default' },
      mode: 'All',
      priority: 0,
      agent: { replicas: 1, deployerRole: 'ClusterAdmin' },
      onUnselect: 'Detach',
      gracePeriod: '5m',
    });
    assert.deepEqual(await spec('Globalization', { spec: {} }), {
      overridePolicy: 'ApplyLater',
      priority: 500,
    });
    assertContains(await spec('Subscription', examples.Subscription ?? {}), {
      schedulerName: 'default',
      schedulingStrategy: 'Replication',
      preemptionPolicy: 'PreemptLowerPriority',
    });
    assertContains(await spec('HelmChart', { spec: helm }), {
      createNamespace: true,
      timeoutSeconds: 300,
    });
  });

  it('let a public key be set once, and neither changed nor removed after', async () => {
    const resource = resourceOf('ClusterRegistrationRequest');
    const object = objectOf('ClusterRegistrationRequest', 'key', { spec: { clusterId: id } });
    await cluster.client.create(resource, object, signal);
    const setKey = (publicKey: string | null) =>
      cluster.client.patch(
        resource,
        { name: 'key' },
        { type: 'merge', body: { spec: { publicKey } } },
        {},
        signal,
      );
    await setKey('first');
    await setKey('first');
    await assert.rejects(setKey('second'), /spec\.publicKey.*publicKey is immutable once set/);
    await assert.rejects(setKey(null), /publicKey cannot be removed once set/);
  });

  it('share conditions between managers by type, and taints by key and effect', async () => {
    const taint = (key: string) => ({ key, effect: 'NoSchedule' });
    const condition = (type: string): Condition => ({
      type,
      status: 'True',
      reason: 'Test',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    });
    const apply = (fieldManager: string, name: string) => {
      const base = objectOf('ManagedCluster', 'shared', {});
      const spec = { clusterId: id, syncMode: 'Pull', taints: [taint(name)] };
      const options = { fieldManager };
      return cluster.client
        .apply(managedClusters, { ...base, spec } as unknown as ManagedCluster, options, signal)
        .then(() =>
          cluster.client.apply(
            managedClusters,
            { ...base, status: { conditions: [condition(name)] } } as unknown as ManagedCluster,
            { ...options, subresource: 'status' },
            signal,
          ),
        );
    };
    await apply('one', 'A');
    const { spec, status } = await apply('two', 'B');
    assert.deepEqual(spec.taints?.map(each => each.key).sort(), ['A', 'B']);
    assert.deepEqual(status?.conditions?.map(each => each.type).sort(), ['A', 'B']);
  });

  it('answer to the short names of upstream', async () => {
    const { resources } = await cluster.client.requestJson<{
      resources: readonly { name: string; shortNames?: string[]; categories?: string[] }[];
    }>({ method: 'GET', path: '/apis/apps.clusternet.io/v1alpha1' }, signal);
    const subscriptions = resources.find(each => each.name === 'subscriptions');
    assert.deepEqual(subscriptions?.shortNames, ['sub', 'subs']);
    assert.deepEqual(subscriptions?.categories, ['clusternet']);
  });
});

function statusOf(
  conditions: readonly { readonly type: string; readonly status: string }[] | undefined,
  type: string,
): string | undefined {
  return conditions?.find(each => each.type === type)?.status;
}

/** Everything in `part` is in `whole`, which may hold more. */
function assertContains(whole: unknown, part: unknown): void {
  if (typeof part !== 'object' || part === null) {
    assert.deepEqual(whole, part);
    return;
  }
  for (const [key, value] of Object.entries(part)) {
    assertContains((whole as Record<string, unknown> | KubeObject)[key as never], value);
  }
}
