import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { readOptions } from '../agent/options.ts';
import { AgentPredictor } from '../agent/predict/agent-predictor.ts';
import { nextStatus } from '../agent/report/next-status.ts';
import { reduceNode } from '../agent/report/node-facts.ts';
import type { ManagedCluster } from '../api/clusters/managed-cluster.ts';
import { type RunningPredictor, startPredictor } from '../examples/predictor/predictor.ts';
import { builtin } from '../kube/builtin.ts';
import { KubeClient } from '../kube/client.ts';
import { accessWithToken } from '../kube/token-access.ts';
import { systemClock } from '../reconcile/clock.ts';
import { createLogger } from '../reconcile/logger.ts';
import { createRuntime, type Runtime } from '../reconcile/runtime.ts';
import { AssumedReplicas } from '../scheduler/predict/assumed-replicas.ts';
import { PredictionError } from '../scheduler/predict/prediction-error.ts';
import { predictionsFor } from '../scheduler/predict/predictions-for.ts';
import { type AccessPlane, clusterId, startAccessPlane } from './access-plane.ts';
import { eventually } from './eventually.ts';
import { type FakeApiServer, startFakeApiServer } from './fake-api-server.ts';
import { cluster } from './scheduling-objects.ts';
import { selfSigned } from './tls-front.ts';

/** From the agent's flags and the scheduler's configuration to a number; hub, tunnel, agent, scheduler and predictor are real. */
describe('the topologies of predictors', () => {
  let plane: AccessPlane;
  let childApi: FakeApiServer;
  let child: Runtime;
  let stop: AbortController;
  let directory: string;
  let predictors: RunningPredictor[];
  let serving: Promise<void>[];
  let closing: (() => Promise<void>)[];

  beforeEach(async () => {
    [plane, childApi] = await Promise.all([startAccessPlane(), startFakeApiServer()]);
    [predictors, serving, closing, stop] = [[], [], [], new AbortController()];
    directory = await mkdtemp(join(tmpdir(), 'clusternet-predictor-'));
    child = createRuntime({
      access: childApi.access(),
      component: 'clusternet-agent',
      instance: 'test',
      metrics: new Registry(),
      logger: createLogger('test', { write: () => true }),
    });
  });

  afterEach(async () => {
    stop.abort();
    await Promise.all(serving);
    await plane[Symbol.asyncDispose]();
    await child.cache.stopped();
    await Promise.all([...predictors, childApi].map(each => each.close()));
    await Promise.all(closing.map(close => close()));
    await rm(directory, { recursive: true });
  });

  async function predicting(options: Partial<Parameters<typeof startPredictor>[0]>) {
    const running = await startPredictor({
      address: '127.0.0.1',
      port: 0,
      replicas: 0,
      ...options,
    });
    predictors.push(running);
    return running.url;
  }

  /** An agent with these flags, joined; what its parent then knows of the cluster. */
  async function joined(...flags: string[]): Promise<ManagedCluster> {
    const nodes = child.cache.informer(builtin.nodes, { transform: reduceNode });
    const predictor = new AgentPredictor(readOptions(flags, {}).predictor, child, nodes);
    child.cache.start(stop.signal);
    const leave = Promise.withResolvers<void>();
    const answering = predictor.serve(clusterId, async handler => {
      plane.startAgent(clusterId, undefined, handler && { predictor: handler });
      await leave.promise;
    });
    stop.signal.addEventListener('abort', () => leave.resolve());
    serving.push(answering);
    const { spec, ...rest } = cluster('a');
    const { lastObservedTime: _, ...status } = nextStatus({}, predictor.facts, new Date());
    return { ...rest, spec: { ...spec, clusterId }, status };
  }

  /** What the scheduler with these args of plugin Predictor finds out. */
  async function predict(object: ManagedCluster, args: object = {}): Promise<number | string> {
    const access = accessWithToken({ server: plane.url, caBundle: plane.caBundle, token: 'x' });
    closing.push(() => access.close());
    const runtime = { client: new KubeClient(access), clock: systemClock };
    const metrics = { count: () => undefined, took: () => undefined };
    const shared = { metrics, assumed: new AssumedReplicas(systemClock) };
    try {
      const question = '{"resources":{"requests":{"cpu":"1"}}}';
      return await predictionsFor(args, runtime, shared).get(object, question);
    } catch (error) {
      if (error instanceof PredictionError) return error.reason;
      throw error;
    }
  }

  const untilAnswered = (object: ManagedCluster) =>
    eventually(async () => {
      const answer = await predict(object);
      return typeof answer === 'number' && answer;
    });

  it("in the child, through the tunnel: the agent's own", async () => {
    childApi.objects.put(builtin.nodes, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n' },
      status: { allocatable: { cpu: '8', memory: '8Gi', pods: '10' } },
    });
    const pod = (name: string, phase: string, cpu: string) =>
      childApi.objects.put(builtin.pods, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { namespace: 'x', name },
        spec: { nodeName: 'n', containers: [{ name: 'c', resources: { requests: { cpu } } }] },
        status: { phase },
      });
    pod('runs', 'Running', '3');
    pod('ended', 'Succeeded', '4');
    const object = await joined();
    assert.deepEqual(object.status, { predictorEnabled: true, predictorDirectAccess: false });
    assert.equal(await untilAnswered(object), 5);
    pod('more', 'Pending', '1500m');
    await eventually(async () => (await predict(object)) === 3);
  });

  it('in the child, through the tunnel: one that the agent asks', async () => {
    const address = await predicting({ replicas: 6 });
    const object = await joined(`--predictor-addr=${address}`);
    assert.equal(object.status?.predictorAddress, address);
    assert.equal(await untilAnswered(object), 6);
    assert.ok(!childApi.requests.some(({ path }) => path.endsWith('/pods')), 'no pod is watched');
  });

  it('in the child, directly: verified, with a token, and only where the configuration allows it', async () => {
    const { certificate: cert, key } = await selfSigned();
    const address = await predicting({ replicas: 7, tls: { cert, key }, token: 'secret' });
    const [caFile, tokenFile] = [join(directory, 'ca.crt'), join(directory, 'token')];
    await Promise.all([writeFile(caFile, cert), writeFile(tokenFile, 'secret')]);
    const object = await joined(`--predictor-addr=${address}`, '--predictor-direct-access');
    const port = Number(new URL(address).port);
    const allow = (entry: object) => ({ allowedAddresses: [{ port, ...entry }] });
    assert.equal(await predict(object), 'PredictorAddressNotAllowed');
    const wide = allow({ host: '0.0.0.0/0', caFile, tokenFile });
    assert.equal(await predict(object, wide), 'PredictorAddressNotAllowed');
    const host = '127.0.0.0/8';
    assert.equal(await predict(object, allow({ host, caFile })), 'PredictorRefused');
    assert.equal(await predict(object, allow({ host, tokenFile })), 'PredictorUnreachable');
    assert.equal(await predict(object, allow({ host, caFile, tokenFile })), 7);
  });

  it('central: one for all clusters, which it tells apart by their ids', async () => {
    const address = await predicting({ replicas: 1, clusters: { [clusterId]: 8 } });
    const object = await joined(`--predictor-addr=${address}`, '--predictor-direct-access');
    const other = { ...object, spec: { ...object.spec, clusterId: cluster('b').spec.clusterId } };
    const port = Number(new URL(address).port);
    const args = { allowedAddresses: [{ scheme: 'http', host: '127.0.0.1', port }] };
    assert.deepEqual([await predict(object, args), await predict(other, args)], [8, 1]);
  });

  it('none: the agent reports that, and is not asked', async () => {
    const object = await joined('--feature-gates=Predictor=false');
    assert.deepEqual(object.status, { predictorEnabled: false, predictorDirectAccess: false });
    assert.equal(await predict(object), 'PredictorDisabled');
    assert.ok(!childApi.requests.some(({ path }) => path.endsWith('/pods')), 'no pod is watched');
  });

  it('the example runs as a program', async () => {
    const program = join(import.meta.dirname, '../examples/predictor/predictor.ts');
    const running = execFile(process.execPath, [program, '--port=0', '--replicas=4']);
    try {
      const [line] = await once(running.stdout ?? assert.fail(), 'data');
      const asked = { method: 'POST', body: '{}' };
      const answer = await fetch(`${String(line).trim()}/replicas/predict`, asked);
      assert.deepEqual(await answer.json(), { replicas: { default: 4 } });
    } finally {
      running.kill();
    }
  });
});
