import assert from 'node:assert/strict';
import { descriptions } from '../api/apps/description.ts';
import { type Manifest, manifests } from '../api/apps/manifest.ts';
import { findCondition } from '../api/conditions.ts';
import type { DynamicObject } from '../api/kube-object.ts';
import { builtin } from '../kube/builtin.ts';
import type { KubeClient } from '../kube/client.ts';
import { eventually } from '../test/eventually.ts';
import { Application } from './application.ts';
import { gpu, useTestBed } from './test-bed.ts';

describe('the road, delivering', () => {
  const bed = useTestBed();
  let parent: KubeClient;
  before(async () => {
    parent = await bed().client('parent');
  });

  describe('to the clusters with a device', () => {
    let app: Application;
    before(async () => {
      app = new Application(bed(), 'road-delivery');
      await app.remove();
    });
    after(() => app?.remove());

    const replicasIn = async (cluster: string) => (await app.deployment(cluster))?.spec?.replicas;
    const namespaceIn = async (cluster: string) =>
      (await bed().client(cluster)).find(builtin.namespaces, { name: app.name });

    it('lands a Deployment on exactly the clusters whose nodes have the device', async () => {
      await app.deliver({ [gpu]: 'true' });
      await app.settled(['berlin', 'munich']);
      assert.equal(await replicasIn('berlin'), 2);
      assert.equal(await replicasIn('munich'), 2);
      for (const other of ['hamburg', 'parent']) {
        assert.equal(await namespaceIn(other), undefined, other);
        const { namespace } = (await bed().joined(other)).key;
        assert.deepEqual(await parent.listAll(descriptions, { namespace }), [], other);
      }
    });

    it('brings the status of the Deployment back, cluster by cluster and together', async () => {
      const feed = await app.available();
      assert.equal(feed.feedStatusSummary?.replicaStatus?.readyReplicas, 4);
      const details = feed.feedStatusDetails ?? [];
      const names = details.map(({ clusterName }) => clusterName).sort();
      assert.deepEqual(names, ['berlin', 'munich']);
      for (const { clusterName = '', clusterId, available, replicaStatus } of details) {
        assert.equal(clusterId, (await bed().joined(clusterName)).id);
        assert.equal(available, true);
        assert.equal(replicaStatus?.readyReplicas, 2);
      }
    });

    it('carries a change of the Manifest to every copy, and its status back', async () => {
      const found = (await app.manifests()).find(({ template }) => template.kind === 'Deployment');
      const { namespace, name = '' } = found?.metadata ?? {};
      const body = { template: { spec: { replicas: 3 } } };
      await parent.patch(manifests, { namespace, name }, { type: 'merge', body });
      await eventually(
        async () => {
          const [here, there] = [await replicasIn('berlin'), await replicasIn('munich')];
          const { status } = await app.subscription();
          const deployment = status?.aggregatedStatuses?.find(({ kind }) => kind === 'Deployment');
          const ready = deployment?.feedStatusSummary?.replicaStatus?.readyReplicas;
          if (here !== 3 || there !== 3 || ready !== 6)
            throw new Error(`${here} ${there} ${ready}`);
          return true;
        },
        { withinMs: 60_000, describe: 'three replicas in both, six ready' },
      );
    });

    it('moves when the Subscription asks for other labels', async () => {
      await app.select({ 'capi.clusternet.io/cluster': 'hamburg' });
      await app.settled(['hamburg']);
      assert.equal(await replicasIn('hamburg'), 3);
      await eventually(
        async () => {
          const left = [await namespaceIn('berlin'), await namespaceIn('munich')];
          const { length } = await app.descriptions();
          return left.every(found => found === undefined) && length === 1;
        },
        { withinMs: 60_000, describe: 'it is gone from berlin and munich' },
      );
      await app.settled(['hamburg']);
    });

    it('is withdrawn everywhere when the Subscription is deleted, and its Manifests stay', async () => {
      const before = await app.manifests();
      await app.withdraw();
      await eventually(async () => (await namespaceIn('hamburg')) === undefined, {
        withinMs: 60_000,
        describe: 'it is gone from hamburg',
      });
      const unchanged = ({ metadata }: Manifest) => [metadata.uid, metadata.resourceVersion];
      assert.deepEqual((await app.manifests()).map(unchanged), before.map(unchanged));
    });
  });

  describe('to the parent itself', () => {
    const toParent = { 'discovery.clusternet.io/source': 'self' };
    let app: Application;
    afterEach(() => app?.remove());

    it('keeps the feeds of a Subscription for the next one, whatever was withdrawn (F41)', async () => {
      app = new Application(bed(), 'road-parent');
      await app.remove();
      await app.deliver(toParent);
      await app.settled(['parent']);
      const before = await app.manifests();
      const first = (await app.deployment('parent')) ?? assert.fail('nothing was delivered');
      await app.withdraw();
      await eventually(async () => (await app.deployment('parent')) === undefined, {
        withinMs: 60_000,
        describe: 'what was delivered is gone',
      });
      const identity = ({ metadata, template }: Manifest) => [metadata.uid, template];
      assert.deepEqual((await app.manifests()).map(identity), before.map(identity));
      await namespaceIsGone(app.name);
      await app.deliver(toParent);
      await app.settled(['parent']);
      const second = await app.deployment('parent');
      assert.notEqual(second?.metadata.uid, first.metadata.uid);
    });

    const config = (namespace: string): DynamicObject => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace, name: 'road-intruder' },
      data: {},
    });
    const definition: DynamicObject = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'managedclusters.clusters.clusternet.io' },
    };
    const namespace = (name: string): DynamicObject => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: { 'road-intruder': 'true' } },
    });
    const intruders: Readonly<Record<string, DynamicObject>> = {
      'an object in the namespace of our components': config('clusternet-system'),
      'the namespace of Manifests': namespace('clusternet-reserved'),
      'one of our definitions': definition,
      'the namespace of Cluster API': namespace('capi-system'),
    };

    for (const [what, object] of Object.entries(intruders)) {
      it(`never touches ${what}, and says why`, async () => {
        app = new Application(bed(), 'road-intruder', [object]);
        await app.remove();
        const seen = () =>
          bed().kubectl(['get', '-o', 'json', '--ignore-not-found', ...find(object)]);
        const before = await seen();
        await app.deliver(toParent);
        const refused = await eventually(
          async () => {
            const { status } = await app.subscription();
            const applied = findCondition(status?.conditions, 'Applied');
            return applied?.reason === 'ApplyFailed' ? applied : undefined;
          },
          { withinMs: 60_000, describe: 'the Subscription says that it failed' },
        );
        assert.match(refused.message ?? '', /parent: .*belongs? to the parent cluster itself/);
        assert.equal(await seen(), before);
        await app.withdraw();
        assert.equal(await seen(), before);
      });
    }

    function find({ kind, metadata: { namespace, name = '' } }: DynamicObject): string[] {
      return [kind.toLowerCase(), name, ...(namespace === undefined ? [] : ['-n', namespace])];
    }
  });

  async function namespaceIsGone(name: string): Promise<void> {
    await eventually(async () => (await parent.find(builtin.namespaces, { name })) === undefined, {
      withinMs: 60_000,
      describe: `namespace ${name} is gone from the parent`,
    });
  }
});
