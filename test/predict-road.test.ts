import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { ExternalPredictor } from '../agent/predict/external-predictor.ts';
import { largestBody, type Predictor } from '../agent/predict/predictor.ts';
import { predictorHandler } from '../agent/predict/predictor-handler.ts';
import { KubeClient } from '../kube/client.ts';
import { accessWithToken } from '../kube/token-access.ts';
import { PredictorClient } from '../scheduler/predict/predictor-client.ts';
import { readPrediction } from '../scheduler/predict/read-prediction.ts';
import { type AccessPlane, clusterId, startAccessPlane } from './access-plane.ts';
import { eventually } from './eventually.ts';
import { cluster } from './scheduling-objects.ts';

/** From `POST sockets/<id>/predict` at the hub's listener to what the agent's predictor is asked. */
describe('the road to the predictor of a cluster', () => {
  let plane: AccessPlane;
  let asked: string[];

  beforeEach(async () => {
    plane = await startAccessPlane();
    asked = [];
  });

  afterEach(() => plane[Symbol.asyncDispose]());

  async function ask(
    options: { body?: string; path?: string; method?: string } = {},
  ): Promise<{ status: number; body: string }> {
    const { body = '{}', path = '', method = 'POST' } = options;
    const request = https.request({
      host: 'localhost',
      servername: 'localhost',
      port: plane.url.port,
      path: `/apis/proxies.clusternet.io/v1alpha1/sockets/${clusterId}/predict${path}`,
      method,
      ca: plane.caBundle,
      agent: false,
      headers: { authorization: 'Bearer parent', 'cluster-id': 'forged', host: 'evil.example' },
    });
    request.end(body);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return { status: response.statusCode ?? 0, body: await text(response) };
  }

  /** Starts an agent with this predictor and waits for its tunnel. */
  async function join(predictor: Predictor): Promise<void> {
    plane.startAgent(clusterId, undefined, { predictor: predictorHandler(predictor) });
    await eventually(async () => (await ask()).status !== 503);
    asked.length = 0;
  }

  const five: Predictor = async body => {
    asked.push(body);
    return { status: 200, body: '{"replicas":{"default":5}}' };
  };

  it('carries the question to the agent and its answer back', async () => {
    await join(five);
    const body = JSON.stringify({ nodeSelector: { zone: 'a' } });
    assert.deepEqual(await ask({ body }), { status: 200, body: '{"replicas":{"default":5}}' });
    assert.deepEqual(asked, [body]);
  });

  it("is the scheduler's way, from its question to a number", async () => {
    await join(five);
    const access = accessWithToken({ server: plane.url, caBundle: plane.caBundle, token: 'x' });
    const predictors = new PredictorClient(new KubeClient(access), []);
    const { metadata, spec } = cluster('a');
    const status = { predictorEnabled: true };
    const object = { ...cluster('a'), metadata, spec: { ...spec, clusterId }, status };
    const answer = await predictors.ask(object, '{"affinity":{}}', AbortSignal.timeout(10_000));
    assert.equal(readPrediction(answer), 5);
    assert.deepEqual(asked, ['{"affinity":{}}']);
    await access.close();
  });

  it("passes a predictor's refusal on as it is", async () => {
    await join(async () => ({ status: 400, body: 'no such field' }));
    assert.deepEqual(await ask(), { status: 400, body: 'no such field' });
  });

  it('takes nothing after predict in the path: nobody can say where the question goes', async () => {
    await join(five);
    assert.equal((await ask({ path: '/https/10.0.0.1:443/replicas/predict' })).status, 400);
    assert.equal((await ask({ path: '/' })).status, 400);
    assert.deepEqual(asked, []);
  });

  it('refuses a question that is too large, and goes on answering others', async () => {
    await join(five);
    assert.equal((await ask({ body: 'x'.repeat(largestBody + 1) })).status, 413);
    assert.equal((await ask()).status, 200);
    assert.deepEqual(asked, ['{}']);
  });

  it('says 503 when the agent has no predictor, and when there is no tunnel', async () => {
    assert.match(JSON.parse((await ask()).body).message, /is not connected/);
    plane.startAgent();
    const answer = await eventually(async () => {
      const one = await ask();
      return one.body.includes('predictor') && one;
    });
    assert.equal(answer.status, 503);
    assert.match(JSON.parse(answer.body).message, /target predictor is not served by this agent/);
  });

  describe('that somebody else runs', () => {
    let server: Server;
    let seen: { path?: string; headers: IncomingMessage['headers']; body: string }[];
    let status: number;

    beforeEach(async () => {
      [seen, status] = [[], 200];
      server = createServer(async (request, response) => {
        const { url = '', headers } = request;
        seen.push({ path: url, headers, body: await text(request) });
        response.writeHead(status, { location: 'http://127.0.0.1:1/' });
        response.end('{"replicas":{"default":7}}');
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    });

    afterEach(() => {
      server.closeAllConnections();
      server.close();
    });

    async function joinWith(address: URL): Promise<ExternalPredictor> {
      const external = new ExternalPredictor({ address, clusterId });
      await join((body, signal) => external.predict(body, signal));
      return external;
    }

    const address = () =>
      new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/base`);

    it('is asked with the id of the cluster, and nothing of who asked', async () => {
      const external = await joinWith(address());
      seen.length = 0;
      assert.equal((await ask({ body: '{"affinity":{}}' })).body, '{"replicas":{"default":7}}');
      const [{ path, headers, body } = assert.fail('nobody asked')] = seen;
      assert.deepEqual([path, body], ['/base/replicas/predict', '{"affinity":{}}']);
      assert.equal(headers['cluster-id'], clusterId);
      assert.equal(headers.authorization, undefined);
      await external.close();
    });

    it('is not followed to where it redirects', async () => {
      const external = await joinWith(address());
      status = 307;
      const answer = await ask();
      assert.equal(answer.status, 502);
      assert.match(answer.body, /redirects \(307\)/);
      await external.close();
    });

    it('counts as failed, saying why, when nobody listens there', async () => {
      const external = await joinWith(new URL('http://127.0.0.1:1'));
      const answer = await ask();
      assert.equal(answer.status, 502);
      assert.match(answer.body, /http:\/\/127\.0\.0\.1:1\/replicas\/predict gave no answer/);
      await external.close();
    });
  });
});
