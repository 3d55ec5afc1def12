import assert from 'node:assert/strict';
import { managedClusters } from '../../api/clusters/managed-cluster.ts';
import { builtin } from '../../kube/builtin.ts';
import { runController } from '../../reconcile/controller.ts';
import { createLogger } from '../../reconcile/logger.ts';
import { createRuntime, type Runtime } from '../../reconcile/runtime.ts';
import { eventually } from '../../test/eventually.ts';
import { FakeApiServer } from '../../test/fake-api-server.ts';
import { reportController } from './report-controller.ts';

const cluster = { namespace: 'clusternet-x', name: 'one' };

describe('the report controller', () => {
  let child: FakeApiServer;
  let parent: FakeApiServer;
  let stop: AbortController;
  let running: Promise<void>;

  beforeEach(async () => {
    [child, parent] = await Promise.all([new FakeApiServer().start(), new FakeApiServer().start()]);
    parent.objects.put(managedClusters, {
      apiVersion: 'clusters.clusternet.io/v1beta1',
      kind: 'ManagedCluster',
      metadata: cluster,
      spec: { clusterId: 'id', syncMode: 'Pull' },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    });
    stop = new AbortController();
    const runtimeOf = (server: FakeApiServer) =>
      createRuntime({
        access: server.access(),
        component: 'clusternet-agent',
        instance: 'test',
        logger: createLogger('test', { write: () => true }),
      });
    const [inChild, inParent] = [runtimeOf(child), runtimeOf(parent)];
    running = run(inChild, inParent);
  });

  async function run(inChild: Runtime, inParent: Runtime) {
    const controller = reportController({
      child: inChild.client,
      nodes: inChild.cache.informer(builtin.nodes),
      parent: inParent.client,
      cluster,
      agentVersion: 'v0.1.0',
      nodeLabelRule: { prefixes: ['node.clusternet.io/'], threshold: 0.8 },
      predictor: { predictorEnabled: true, predictorDirectAccess: false },
    });
    inChild.cache.start(stop.signal);
    await runController(controller, inParent, stop.signal);
    await inChild.cache.stopped();
  }

  afterEach(async () => {
    stop.abort();
    await running;
    await Promise.all([child.close(), parent.close()]);
  });

  const status = () => parent.objects.get(managedClusters, cluster)?.status;

  function putNode(name: string, labels: Record<string, string>, heartbeat = '') {
    child.objects.put(builtin.nodes, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels },
      status: {
        capacity: { cpu: '4', memory: '8Gi' },
        allocatable: { cpu: '4', memory: '8Gi' },
        conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: heartbeat }],
      },
    });
  }

  it('reports an empty cluster first, with no labels', async () => {
    await eventually(() => status()?.nodeLabels !== undefined);
    assert.deepEqual(status()?.nodeLabels, {});
    assert.equal(status()?.nodeStatistics?.readyNodes, 0);
    assert.equal(status()?.agentVersion, 'v0.1.0');
    assert.equal(status()?.livez, false, 'a 404 is not health');
    assert.equal(status()?.useSocket, true);
    assert.equal(status()?.conditions?.[0]?.type, 'Ready');
  });

  it('reports a node as soon as it is there, by one patch of the status', async () => {
    await eventually(() => status()?.lastObservedTime);
    putNode('n1', { 'node.clusternet.io/zone': 'a', other: 'x' });
    await eventually(() => status()?.nodeStatistics?.readyNodes === 1);
    assert.deepEqual(status()?.nodeLabels, { 'node.clusternet.io/zone': 'a' });
    assert.deepEqual(status()?.capacity, { cpu: '4', memory: '8Gi' });
    assert.deepEqual(
      parent.writes().map(({ method, path }) => `${method} ${path}`),
      Array(2).fill(
        'PATCH /apis/clusters.clusternet.io/v1beta1/namespaces/clusternet-x/managedclusters/one/status',
      ),
    );
  });

  it('writes nothing when a node changes in what is not reported', async () => {
    putNode('n1', { 'node.clusternet.io/zone': 'a' });
    await eventually(() => status()?.nodeStatistics?.readyNodes === 1);
    const writes = parent.writes().length;
    for (let beat = 0; beat < 5; beat++)
      putNode('n1', { 'node.clusternet.io/zone': 'a' }, `${beat}`);
    putNode('n2', { 'node.clusternet.io/zone': 'a' });
    await eventually(() => status()?.nodeStatistics?.readyNodes === 2);
    assert.equal(parent.writes().length, writes + 1);
  });
});
