import assert from 'node:assert/strict';
import fc from 'fast-check';
import { builtin } from '../../kube/builtin.ts';
import type { Node, Pod } from '../../kube/builtin-kinds.ts';
import { StoreInformer } from '../../reconcile/informer.ts';
import { clusterPredictor } from './cluster-predictor.ts';
import { reducePod } from './reduce-pod.ts';

const options = { freeze: true, onHandlerError: assert.ifError };

/** A cluster whose nodes and pods the predictor sees. */
class Cluster {
  readonly nodes = new StoreInformer<Node>(builtin.nodes, options);
  readonly pods = new StoreInformer<Pod>(builtin.pods, options);
  readonly #predict = clusterPredictor(this.nodes, this.pods);
  #version = 0;

  constructor() {
    for (const informer of [this.nodes, this.pods]) {
      informer.startReplace();
      informer.endReplace();
    }
  }

  node(name: string, allocatable: Record<string, string>, more: Partial<Node> = {}): void {
    this.nodes.upsert({
      ...more,
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, uid: name, resourceVersion: `${++this.#version}`, ...more.metadata },
      status: { allocatable: { pods: '110', ...allocatable } },
    });
  }

  pod(name: string, nodeName: string, requests: Record<string, string>): Pod {
    const pod = reducePod({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'a', name, uid: name, resourceVersion: `${++this.#version}` },
      spec: { nodeName, containers: [{ name: 'c', resources: { requests } }] },
    });
    this.pods.upsert(pod);
    return pod;
  }

  async ask(body: unknown): Promise<{ status: number; body: string }> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return this.#predict(text, AbortSignal.abort());
  }

  async fits(requests: Record<string, string>, more: object = {}): Promise<number> {
    const { status, body } = await this.ask({ resources: { requests }, ...more });
    assert.equal(status, 200, body);
    return JSON.parse(body).replicas.default;
  }
}

describe('the predictor of a cluster', () => {
  let cluster: Cluster;

  beforeEach(() => {
    cluster = new Cluster();
  });

  it('counts what fits on each node: the resource that runs out first decides', async () => {
    cluster.node('a', { cpu: '4', memory: '8Gi' });
    cluster.node('b', { cpu: '2', memory: '8Gi' });
    assert.equal(await cluster.fits({ cpu: '1500m' }), 2 + 1);
    assert.equal(await cluster.fits({ cpu: '1', memory: '3Gi' }), 2 + 2);
    assert.equal(await cluster.fits({ 'example.com/gpu': '1' }), 0, 'no node has any');
  });

  it('takes off what pods were promised, and gives it back when they are gone', async () => {
    cluster.node('a', { cpu: '4' });
    const pod = cluster.pod('p', 'a', { cpu: '2500m' });
    cluster.pod('elsewhere', 'b', { cpu: '4' });
    assert.equal(await cluster.fits({ cpu: '1' }), 1);
    cluster.pod('p', 'a', { cpu: '500m' });
    assert.equal(await cluster.fits({ cpu: '1' }), 3);
    cluster.pods.remove(pod);
    assert.equal(await cluster.fits({ cpu: '1' }), 4);
  });

  it('never takes more pods than a node has places for', async () => {
    cluster.node('a', { cpu: '100', pods: '3' });
    cluster.pod('p', 'a', {});
    assert.equal(await cluster.fits({ cpu: '1' }), 2);
    assert.equal(await cluster.fits({}), 2, 'without requests the places decide');
  });

  it('counts an over-committed node as 0, which takes nothing from the others', async () => {
    cluster.node('a', { cpu: '1' });
    cluster.pod('p', 'a', { cpu: '3' });
    cluster.node('b', { cpu: '2', pods: '1' });
    cluster.pod('q', 'b', {});
    cluster.pod('r', 'b', {});
    cluster.node('c', { cpu: '2' });
    assert.equal(await cluster.fits({ cpu: '1' }), 2);
  });

  it('answers 0, and no error, when no node is feasible', async () => {
    assert.equal(await cluster.fits({ cpu: '1' }), 0);
    cluster.node('a', { cpu: '4' });
    assert.equal(await cluster.fits({ cpu: '1' }, { nodeSelector: { no: 'such' } }), 0);
  });

  it('honours nodeSelector, required node affinity, taints and cordoned nodes', async () => {
    const allocatable = { cpu: '1' };
    cluster.node('a', allocatable, { metadata: { labels: { zone: 'a' } } });
    cluster.node('b', allocatable, {
      metadata: { labels: { zone: 'b' } },
      spec: { taints: [{ key: 'gpu', effect: 'NoExecute' }] },
    });
    cluster.node('c', allocatable, {
      metadata: { labels: { zone: 'c' } },
      spec: { unschedulable: true },
    });
    cluster.node('d', allocatable, {
      metadata: { labels: { zone: 'd' } },
      spec: { taints: [{ key: 'soft', effect: 'PreferNoSchedule' }] },
    });
    const cpu = { cpu: '1' };
    assert.equal(await cluster.fits(cpu), 2, 'a and d');
    assert.equal(await cluster.fits(cpu, { nodeSelector: { zone: 'a' } }), 1);
    assert.equal(await cluster.fits(cpu, { tolerations: [{ operator: 'Exists' }] }), 4);
    const tolerations = [{ key: 'gpu', operator: 'Exists', effect: 'NoExecute' }];
    assert.equal(await cluster.fits(cpu, { tolerations }), 3);
    const zones = [{ key: 'zone', operator: 'NotIn', values: ['a'] }];
    const affinity = {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: zones }],
        },
      },
    };
    assert.equal(await cluster.fits(cpu, { affinity }), 1, 'd');
  });

  it('takes a limit for a request that is absent', async () => {
    cluster.node('a', { cpu: '4' });
    const { body } = await cluster.ask({ resources: { limits: { cpu: '2' } } });
    assert.deepEqual(JSON.parse(body), { replicas: { default: 2 } });
  });

  it('refuses what it does not understand, naming the field', async () => {
    for (const [body, why] of [
      ['{', /not JSON/],
      ['[]', /the body: /],
      [{ nodeSelector: { a: 1 } }, /\/nodeSelector\/a: /],
      [{ resources: { requests: { cpu: 'many' } } }, /\/resources\/requests\/cpu: /],
      [{ tolerations: 'all' }, /\/tolerations: /],
    ] as const) {
      const answer = await cluster.ask(body);
      assert.equal(answer.status, 400, answer.body);
      assert.match(answer.body, why);
    }
  });

  it('answers 503 until nodes and pods have been read', async () => {
    const nodes = new StoreInformer<Node>(builtin.nodes, options);
    const predict = clusterPredictor(nodes, cluster.pods);
    assert.equal((await predict('{}', AbortSignal.abort())).status, 503);
  });

  it('never promises more than nodes have free, nor one replica less than fits', async () => {
    const node = fc.record({
      cpu: fc.integer({ min: 0, max: 64_000 }),
      memory: fc.integer({ min: 0, max: 1_000_000 }),
      places: fc.integer({ min: 0, max: 50 }),
      pods: fc.array(fc.record({ cpu: fc.nat(20_000), memory: fc.nat(300_000) }), { maxLength: 6 }),
    });
    const need = fc.record({ cpu: fc.nat(5_000), memory: fc.nat(200_000) });
    await fc.assert(
      fc.asyncProperty(fc.array(node, { maxLength: 4 }), need, async (nodes, { cpu, memory }) => {
        const world = new Cluster();
        let expected = 0;
        for (const [index, { pods, places, ...has }] of nodes.entries()) {
          const name = `n${index}`;
          const quantities = { cpu: `${has.cpu}m`, memory: `${has.memory}Ki` };
          world.node(name, { ...quantities, pods: `${places}` });
          for (const [number, pod] of pods.entries()) {
            const requests = { cpu: `${pod.cpu}m`, memory: `${pod.memory}Ki` };
            world.pod(`${name}-${number}`, name, requests);
          }
          const left = (resource: 'cpu' | 'memory') =>
            pods.reduce((rest, pod) => rest - pod[resource], has[resource]);
          // One replica at a time, as a scheduler would place them.
          let placed = 0;
          while (
            placed < places - pods.length &&
            (cpu === 0 || (placed + 1) * cpu <= left('cpu')) &&
            (memory === 0 || (placed + 1) * memory <= left('memory'))
          ) {
            placed++;
          }
          expected += placed;
        }
        assert.equal(await world.fits({ cpu: `${cpu}m`, memory: `${memory}Ki` }), expected);
      }),
      { numRuns: 200 },
    );
  });
});

describe('reducePod', () => {
  it('keeps what the pod requests in all, and little else', () => {
    const reduced = reducePod({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'a', name: 'p', labels: { many: 'labels' }, annotations: { b: 'c' } },
      spec: {
        nodeName: 'n',
        serviceAccountName: 's',
        containers: [
          { name: 'a', image: 'i', command: ['x'], resources: { requests: { cpu: '100m' } } },
          { name: 'b', resources: { requests: { cpu: '1', memory: '1Gi' } } },
        ],
        initContainers: [{ name: 'i', resources: { requests: { memory: '2Gi' } } }],
      },
    });
    assert.deepEqual(reduced, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'a', name: 'p' },
      spec: {
        nodeName: 'n',
        containers: [
          { name: 'all', resources: { requests: { cpu: '1100m', memory: '2147483648' } } },
        ],
      },
    });
    assert.deepEqual(reducePod(reduced), reduced);
  });
});
