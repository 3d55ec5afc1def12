import assert from 'node:assert/strict';
import { managedClusters } from '../api/clusters/managed-cluster.ts';
import { findCondition } from '../api/conditions.ts';
import type { Taint } from '../api/taint.ts';
import { labels } from '../api/well-known.ts';
import { builtin } from '../kube/builtin.ts';
import type { Pod } from '../kube/builtin-kinds.ts';
import type { KubeClient } from '../kube/client.ts';
import { eventually } from '../test/eventually.ts';
import { type Replicas, useExample } from './example.ts';
import { type Child, childNames, gpu, type Membership, useTestBed } from './test-bed.ts';

/** The examples, each by its documented commands; what counts is what the Deployments in the children ask for. */
describe('the road, placing', () => {
  const bed = useTestBed();
  let parent: KubeClient;
  let members: Readonly<Record<string, Membership>>;

  before(async () => {
    parent = await bed().client('parent');
    const known = ['parent', ...childNames].map(async name => [name, await bed().joined(name)]);
    members = Object.fromEntries(await Promise.all(known));
  });

  /** As the scheduler orders clusters: by namespace/name. */
  function inOrder<T extends string>(...names: T[]): T[] {
    const key = (name: T) => `${members[name]?.key.namespace}/${name}`;
    return names.sort((a, b) => (key(a) < key(b) ? -1 : 1));
  }

  describe('the same everywhere (replication-scheduling)', () => {
    const example = useExample(bed, 'replication-scheduling');
    const taint = { key: 'road-placement', effect: 'NoSchedule' };
    after(() => setTaints());

    async function setTaints(...taints: readonly Taint[]): Promise<void> {
      const { key } = members.munich ?? assert.fail();
      await parent.patch(managedClusters, key, { type: 'merge', body: { spec: { taints } } });
    }

    it('is not placed on a cluster with a taint until it tolerates that, and then stays', async () => {
      await setTaints(taint);
      await example().apply();
      await example().runs({ berlin: 2, hamburg: 2 });
      const toleration = { key: taint.key, operator: 'Exists' };
      await example().change({ clusterTolerations: [toleration] });
      await example().runs({ berlin: 2, hamburg: 2, munich: 2 });
      await setTaints();
      await example().change({ clusterTolerations: [] });
      await setTaints(taint);
      await example().scale(3);
      await example().runs({ berlin: 3, hamburg: 3, munich: 3 });
    });

    it('is gone from every child when it is undone', () => example().undo());
  });

  describe('by weight (static-dividing-scheduling)', () => {
    const example = useExample(bed, 'static-dividing-scheduling');

    function weigh(weights: Replicas): Promise<void> {
      const subscribers = Object.entries(weights).map(([name, weight]) => ({
        clusterAffinity: { matchLabels: { [labels.clusterName]: name } },
        weight,
      }));
      return example().change({ subscribers });
    }

    it('divides twelve replicas by the features of the nodes', async () => {
      await example().apply();
      await example().runs({ berlin: 3, hamburg: 6, munich: 3 });
      const { status } = await example().settled(['berlin', 'hamburg', 'munich']);
      assert.deepEqual(status?.replicas?.['v1/Service/shop/checkout'], []);
    });

    it('follows the Manifest up, the remainder to the heaviest, and back down', async () => {
      await example().scale(13);
      await example().runs({ berlin: 3, hamburg: 7, munich: 3 });
      await example().scale(12);
      await example().runs({ berlin: 3, hamburg: 6, munich: 3 });
    });

    it('divides 12 by 1:2 to 4, 8', async () => {
      await weigh({ berlin: 1, munich: 2 });
      await example().runs({ berlin: 4, munich: 8 });
    });

    it('adds up the weights of all subscribers that a cluster matches: 12 by 1:0:1+2 to 3, 0, 9', async () => {
      const named = (...values: Child[]) => ({
        matchExpressions: [{ key: labels.clusterName, operator: 'In', values }],
      });
      await example().change({
        subscribers: [
          { clusterAffinity: named('berlin', 'munich'), weight: 1 },
          { clusterAffinity: named('hamburg'), weight: 0 },
          { clusterAffinity: named('munich'), weight: 2 },
        ],
      });
      await example().runs({ berlin: 3, hamburg: 0, munich: 9 });
    });

    it('divides 6 by 2:1:0:2 to 3, 1, 0, 2, the first of the heaviest taking the remainder', async () => {
      await weigh({ berlin: 2, hamburg: 1, parent: 0, munich: 2 });
      await example().scale(6);
      const [first] = inOrder('berlin', 'munich');
      const rest = { hamburg: 1, parent: 0, berlin: 2, munich: 2 };
      await example().runs({ ...rest, [first ?? '']: 3 });
    });

    it('divides 5 by 5:1:0:2 to 4, 0, 0, 1', async () => {
      await weigh({ berlin: 5, hamburg: 1, parent: 0, munich: 2 });
      await example().scale(5);
      await example().runs({ berlin: 4, hamburg: 0, parent: 0, munich: 1 });
    });

    it('is gone from every child when it is undone', () => example().undo());
  });

  describe('by what is free (dynamic-dividing-scheduling)', () => {
    const example = useExample(bed, 'dynamic-dividing-scheduling');
    /** How many replicas of half a core fit before there is one; new pods go to the first of two nodes of eight cores. */
    const room = { berlin: 3, hamburg: 6, munich: 9 };

    before(async () => {
      for (const child of childNames) await leaveRoom(child, room[child]);
      for (const child of childNames) {
        await eventually(async () => assert.equal(await predicted(child), room[child]) ?? true, {
          describe: `${child} has room for ${room[child]}`,
        });
      }
    });
    after(async () => {
      for (const child of childNames) await removeFillers(child);
    });

    const fillers = [1, 2].map(node => ({ namespace: 'default', name: `road-placement-${node}` }));

    async function leaveRoom(child: Child, replicas: number): Promise<void> {
      await removeFillers(child);
      const client = await bed().client(child);
      const cores = [8 - replicas / 2, 8];
      for (const [index, metadata] of fillers.entries()) {
        const resources = { requests: { cpu: String(cores[index]) } };
        const pod: Pod = {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata,
          spec: {
            nodeName: `${child}-worker-${index + 1}`,
            containers: [{ name: 'filler', image: 'registry.k8s.io/pause:3.10', resources }],
          },
        };
        await client.create(builtin.pods, pod);
      }
    }

    async function removeFillers(child: Child): Promise<void> {
      const names = fillers.map(({ name }) => name);
      const options = { kubeconfig: bed().directory.kubeconfig(child) };
      await bed().kubectl(['delete', 'pod', '--ignore-not-found', '--now', ...names], options);
    }

    /** What the agent answers to who may ask, through the tunnel. */
    async function predicted(child: Child): Promise<number | undefined> {
      const path = `/apis/proxies.clusternet.io/v1alpha1/sockets/${members[child]?.id}/predict`;
      const body = { resources: { requests: { cpu: '500m' } } };
      const answer = await parent.requestJson<{ replicas: Record<string, number> }>({
        method: 'POST',
        path,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return answer.replicas.default;
    }

    it('divides twelve replicas in proportion to what the agents say is free', async () => {
      await example().apply();
      await example().runs({ berlin: 2, hamburg: 4, munich: 6 });
    });

    it('withdraws in proportion to what is there', async () => {
      await example().scale(6);
      await example().runs({ berlin: 1, hamburg: 2, munich: 3 });
    });

    it('places what finds room, and says how much did not', async () => {
      await example().scale(20);
      await example().runs({ berlin: 3, hamburg: 6, munich: 9 }, 120_000);
      const { status } = await example().subscription();
      const scheduled = findCondition(status?.conditions, 'Scheduled');
      assert.equal(scheduled?.reason, 'PartiallyScheduled');
    });

    it('moves nothing but the difference on the way down', async () => {
      await example().scale(16);
      await example().runs({ berlin: 3, hamburg: 5, munich: 8 });
    });

    it('is gone from every child when it is undone', () => example().undo());
  });

  describe('so many of each group (scheduling-group)', () => {
    const example = useExample(bed, 'scheduling-group');

    it('takes as many clusters of each group as asked, and divides by their weights', async () => {
      await example().apply();
      const [first] = inOrder('berlin', 'munich');
      await example().runs({ [first ?? '']: 6, hamburg: 3 });
    });

    it('binds a cluster of two groups once, with the weight of both', async () => {
      const all = { matchLabels: { [labels.discoverySource]: 'capi' } };
      const withDevice = { matchLabels: { [gpu]: 'true' } };
      await example().change({
        subscribers: [
          { clusterAffinity: all, weight: 1, subGroupStrategy: { minClusters: 3 } },
          { clusterAffinity: withDevice, weight: 1, subGroupStrategy: { minClusters: 2 } },
        ],
      });
      await example().runs({ berlin: 4, hamburg: 1, munich: 4 });
      const { status } = await example().settled(childNames);
      assert.equal(new Set(status?.bindingClusters).size, status?.bindingClusters?.length);
    });

    it('is gone from every child when it is undone', () => example().undo());
  });

  describe('by the hardware of nodes (scheduling-with-nfd)', () => {
    const example = useExample(bed, 'scheduling-with-nfd');
    const feature = 'feature.node.kubernetes.io/cpu-cpuid.AVX512F';
    const workers = ['berlin-worker-1', 'berlin-worker-2'];
    const options = () => ({ kubeconfig: bed().directory.kubeconfig('berlin') });
    after(() => bed().kubectl(['label', 'node', ...workers, `${feature}-`], options()));

    it('lands on the clusters whose nodes have the feature', async () => {
      await example().apply();
      await example().runs({ hamburg: 2 });
    });

    it('comes to a cluster when the feature is found on its nodes, and leaves with it', async () => {
      await bed().kubectl(['label', 'node', ...workers, `${feature}=true`], options());
      await example().runs({ berlin: 2, hamburg: 2 });
      await bed().kubectl(['label', 'node', ...workers, `${feature}-`], options());
      await example().runs({ hamburg: 2 });
      const { metadata } = await parent.get(managedClusters, members.berlin?.key ?? assert.fail());
      assert.equal(metadata.labels?.[feature], undefined);
    });

    it('is gone from every child when it is undone', () => example().undo());
  });
});
