import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { selfSigned, startTlsFront, type TlsFront } from '../test/tls-front.ts';
import { Interpreters } from './interpreters.ts';
import { Webhook } from './webhook.ts';

const target = { apiVersion: 'a.test/v1', kind: 'Rollout' };
const rollout = { ...target, metadata: { name: 'r' }, spec: { size: 2 } };

describe('an interpreter by webhook', () => {
  let server: Server;
  let front: TlsFront;
  let answer: RequestListener;

  beforeEach(async () => {
    server = createServer((request, response) => answer(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    front = await startTlsFront(new URL(`http://127.0.0.1:${port}`));
  });

  afterEach(async () => {
    await front[Symbol.asyncDispose]();
    server.closeAllConnections();
    server.close();
  });

  async function ask(caBundle = front.caBundle, timeoutSeconds = 5) {
    const webhook = {
      url: `${front.url}/interpret`,
      caBundle: Buffer.from(caBundle).toString('base64'),
      timeoutSeconds,
    };
    const interpreter = {
      apiVersion: 'apps.clusternet.io/v1alpha1',
      kind: 'ResourceInterpreter',
      metadata: { name: 'rollouts' },
      spec: { target, webhook },
    };
    return new Interpreters([interpreter]).interpret(rollout, AbortSignal.timeout(60_000));
  }

  async function problem(...how: Parameters<typeof ask>): Promise<string> {
    const verdict = await ask(...how);
    assert.ok('misfit' in verdict);
    assert.equal(verdict.misfit.reason, 'WebhookFailed');
    assert.equal(verdict.misfit.field, 'ResourceInterpreter rollouts spec.webhook');
    return verdict.misfit.problem.replace(`${front.url}/interpret: `, '');
  }

  const says = (body: unknown, status = 200, headers = {}) => {
    answer = (_, response) =>
      response
        .writeHead(status, headers)
        .end(typeof body === 'string' ? body : JSON.stringify(body));
  };

  it('is given the object, and believed', async () => {
    let asked = '';
    const requirements = { resources: { requests: { cpu: '1' } } };
    const response = { replicas: 6, replicaJsonPath: '/spec/size', requirements };
    answer = async (request, outgoing) => {
      asked = `${request.method} ${request.url} ${await text(request)}`;
      outgoing.end(JSON.stringify({ response: { ...response, more: 1 } }));
    };
    assert.deepEqual(await ask(), { interpretation: response });
    assert.equal(asked, `POST /interpret ${JSON.stringify({ request: { object: rollout } })}`);
    says({ response: {} });
    assert.deepEqual(await ask(), { interpretation: {} });
  });

  it('is refused answers that cannot be, are too long, or lead elsewhere', async () => {
    says('{');
    assert.equal(await problem(), 'its answer is not JSON');
    says({ response: { replicas: -1, replicaJsonPath: '/spec/size' } });
    assert.match(
      await problem(),
      /its answer: \/response\/replicas -1 is not a number of replicas/,
    );
    says({ response: { replicas: 1 } });
    assert.match(await problem(), /replicaJsonPath must be a JSON pointer/);
    says({ response: { requirements: { tolerations: {} } } });
    assert.match(
      await problem(),
      /its answer: \/response\/requirements\/tolerations must be array/,
    );
    says({ response: { more: 'x'.repeat(70_000) } });
    assert.match(await problem(), /larger than 65536 bytes/);
    says('', 302, { location: 'https://elsewhere.test/' });
    assert.equal(await problem(), 'it answers 302, not 200');
    says('no', 500);
    assert.equal(await problem(), 'it answers 500, not 200');
  });

  it('is verified by its own CA, and not waited for longer than told', async () => {
    const { certificate } = await selfSigned();
    says({ response: {} });
    assert.match(await problem(certificate), /certificate/);
    answer = () => {};
    assert.match(await problem(front.caBundle, 1), /timeout/);
  });

  it('is left alone for 30 s when it kept silent, and then asked by one at a time', async () => {
    let now = 0;
    let asked = 0;
    const url = `${front.url}/interpret`;
    const caBundle = Buffer.from(front.caBundle).toString('base64');
    const webhook = new Webhook({ url, caBundle }, () => now);
    const outcome = async () => {
      const answered = webhook.ask(rollout, AbortSignal.timeout(60_000));
      return answered.then(
        () => 'answered',
        () => 'refused',
      );
    };
    answer = request => {
      asked += 1;
      request.socket.destroy();
    };
    assert.equal(await outcome(), 'refused');
    now = 29_999;
    assert.equal(await outcome(), 'refused');
    assert.equal(asked, 1);
    now = 30_000;
    assert.deepEqual(await Promise.all([outcome(), outcome()]), ['refused', 'refused']);
    assert.equal(asked, 2);
    now = 60_000;
    says({ response: {} });
    assert.deepEqual(await Promise.all([outcome(), outcome()]), ['answered', 'refused']);
    assert.equal(await outcome(), 'answered');
  });

  it('is not left alone for an answer that one object got', async () => {
    let asked = 0;
    const caBundle = Buffer.from(front.caBundle).toString('base64');
    const webhook = new Webhook({ url: front.url, caBundle });
    answer = (_, response) => {
      asked += 1;
      response.writeHead(asked === 1 ? 422 : 200).end('{"response": {}}');
    };
    const ask = () => webhook.ask(rollout, AbortSignal.timeout(60_000));
    await assert.rejects(ask(), /it answers 422/);
    assert.deepEqual(await ask(), {});
  });
});
