import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import type { SubjectAccessReview, TokenReview } from '../../kube/builtin-kinds.ts';
import { KubeClient } from '../../kube/client.ts';
import { createLogger } from '../../reconcile/logger.ts';
import { eventually } from '../../test/eventually.ts';
import { type FakeApiServer, startFakeApiServer } from '../../test/fake-api-server.ts';
import { FakeClock } from '../../test/fake-clock.ts';
import { selfSigned } from '../../test/tls-front.ts';
import { callerReview } from './caller-review.ts';
import { servePredictor } from './predictor-server.ts';

describe("the predictor's own port", () => {
  let directory: string;
  let api: FakeApiServer;
  let certificate: string;
  let port: number;
  let clock: FakeClock;
  let stop: AbortController;
  let serving: Promise<void>;
  let reviewed: SubjectAccessReview['spec'][];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'clusternet-predictor-'));
    api = await startFakeApiServer();
    [reviewed, clock, stop] = [[], new FakeClock(), new AbortController()];
    api.answer('POST', '/apis/authentication.k8s.io/v1/tokenreviews', body => {
      const { token } = (body as unknown as TokenReview).spec;
      const user = { username: token, groups: ['system:authenticated'] };
      return { ...body, status: token === 'unknown' ? {} : { authenticated: true, user } };
    });
    api.answer('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', body => {
      const { spec } = body as unknown as SubjectAccessReview;
      reviewed.push(spec);
      return { ...body, status: { allowed: spec.user === 'scheduler' } };
    });
    certificate = await renew();
    const { promise, resolve } = Promise.withResolvers<number>();
    serving = servePredictor(
      {
        predictor: async body => ({ status: 200, body: `{"replicas":{"default":${body}}}` }),
        review: callerReview(new KubeClient(api.access())),
        files: { certificate: join(directory, 'tls.crt'), key: join(directory, 'tls.key') },
        address: '127.0.0.1',
        port: 0,
        clock,
        logger: createLogger('test', { write: () => true }),
        listening: resolve,
      },
      stop.signal,
    );
    port = await promise;
  });

  afterEach(async () => {
    stop.abort();
    await serving;
    await api.close();
    await rm(directory, { recursive: true });
  });

  async function renew(): Promise<string> {
    const pair = await selfSigned();
    await writeFile(join(directory, 'tls.crt'), pair.certificate);
    await writeFile(join(directory, 'tls.key'), pair.key);
    return pair.certificate;
  }

  async function ask(token?: string, path = '/replicas/predict', method = 'POST') {
    const outgoing = request({
      host: '127.0.0.1',
      port,
      path,
      method,
      ca: certificate,
      agent: false,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
    outgoing.end(method === 'POST' ? '3' : undefined);
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    return { status: response.statusCode, body: await text(response) };
  }

  it("answers whom the cluster's API server knows and lets in", async () => {
    assert.deepEqual(await ask('scheduler'), { status: 200, body: '{"replicas":{"default":3}}' });
    assert.deepEqual(reviewed, [
      {
        user: 'scheduler',
        groups: ['system:authenticated'],
        nonResourceAttributes: { path: '/replicas/predict', verb: 'post' },
      },
    ]);
  });

  it('refuses strangers, and those without the right, naming it', async () => {
    assert.equal((await ask()).status, 401);
    assert.equal((await ask('unknown')).status, 401);
    const refused = await ask('visitor');
    assert.equal(refused.status, 403);
    assert.match(refused.body, /grant verb post on nonResourceURL \/replicas\/predict/);
  });

  it("serves upstream's paths and no others", async () => {
    const status = async (path: string, method: string) =>
      (await ask('scheduler', path, method)).status;
    assert.equal(await status('/replicas/unscheduled', 'GET'), 501);
    assert.equal(await status('/replicas/predict', 'GET'), 405);
    assert.equal(await status('/', 'GET'), 404);
  });

  it('stops although somebody keeps a connection open', async () => {
    const idle = connect({ host: '127.0.0.1', port, ca: certificate });
    idle.on('error', () => {});
    await once(idle, 'secureConnect');
    idle.write('POST /replicas/predict HTTP/1.1\r\nhost: x\r\n');
    const gone = once(idle, 'close');
    assert.equal((await ask('scheduler')).status, 200);
    stop.abort();
    await Promise.all([serving, gone]);
  });

  it('takes a renewed certificate from its files without a restart', async () => {
    certificate = await renew();
    await assert.rejects(ask('scheduler'));
    await eventually(async () => {
      await clock.advance(60_000);
      return (await ask('scheduler')).status === 200;
    });
  });
});
