import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import fc from 'fast-check';
import { eventually } from '../test/eventually.ts';
import { connectTunnel, type TunnelPair } from '../test/tunnel-pair.ts';
import type { TunnelRequest } from './agent-end.ts';
import type { RequestHead, ResponseHead } from './heads.ts';
import { type ResetCode, StreamResetError } from './tunnel-error.ts';

const get = (path: string): RequestHead => ({ method: 'GET', path, headers: [], target: 'child' });
const ok: ResponseHead = { status: 200, headers: [] };
const never = new AbortController().signal;

const echo = async (request: TunnelRequest) => {
  request.respond(ok);
  request.stream.pipe(request.stream);
  await finished(request.stream, { readable: false });
};

const hold = (request: TunnelRequest) => finished(request.stream).catch(() => {});

const resetWith = (code: ResetCode) => (error: unknown) =>
  error instanceof StreamResetError && error.code === code;

describe('a tunnel', () => {
  let pair: TunnelPair;

  afterEach(() => pair.close());

  const connect = async (...args: Parameters<typeof connectTunnel>) => {
    pair = await connectTunnel(...args);
    return pair;
  };

  it('carries path and headers exactly as given, in order, duplicates kept', async () => {
    const path = '/api/v1/..//namespaces%2Fx?b=2&a=1&&c';
    const headers = ['accept', 'a', 'Accept', 'b', 'x-latin', 'caf\u00e9'];
    const { hub } = await connect(async request => {
      assert.equal(request.head.path, path);
      request.respond({ status: 201, headers: request.head.headers });
      request.stream.end('hello');
    });
    const response = await hub.request({ ...get(path), headers }, {}, never);
    assert.equal(response.status, 201);
    assert.deepEqual(response.headers, headers);
    assert.equal(await readText(response.body), 'hello');
  });

  it('returns what was sent for any sizes of writes on many streams at once', async () => {
    const { hub } = await connect(echo);
    const bodies = fc.array(fc.array(fc.integer({ min: 1, max: 300_000 }), { maxLength: 6 }), {
      minLength: 1,
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(bodies, async sizes => {
        await Promise.all(
          sizes.map(async (writes, index) => {
            const sent = writes.map((size, turn) => Buffer.alloc(size, 7 * index + turn + 1));
            const response = await hub.request(
              { ...get('/echo'), method: 'POST' },
              { body: Readable.from(sent) },
              never,
            );
            assert.equal(sha(await read(response.body)), sha(Buffer.concat(sent)));
          }),
        );
        assert.equal(hub.streams, 0);
      }),
      { numRuns: 25 },
    );
  }).timeout(30_000);

  it('forgets a stream at both ends when both sides ended', async () => {
    const { hub, agent } = await connect(echo);
    for (let round = 0; round < 50; round++) {
      const response = await hub.request(get('/'), {}, never);
      assert.equal(await readText(response.body), '');
    }
    assert.equal(hub.streams, 0);
    await eventually(() => agent.streams === 0);
  });

  it('delivers informational answers before the answer, and trailers after the body', async () => {
    const { hub } = await connect(async request => {
      request.inform({ status: 103, headers: ['link', '</a>'] });
      request.respond({ status: 200, headers: ['trailer', 'x-sum'] });
      request.stream.write('body');
      request.stream.endWithTrailers(['x-sum', '42']);
    });
    const infos: ResponseHead[] = [];
    const response = await hub.request(get('/'), { onInfo: head => infos.push(head) }, never);
    assert.deepEqual(infos, [{ status: 103, headers: ['link', '</a>'] }]);
    assert.equal(await readText(response.body), 'body');
    assert.deepEqual(response.body.trailers, ['x-sum', '42']);
  });

  it('becomes a raw byte stream that can be half-closed after a 101', async () => {
    const { hub } = await connect(async request => {
      assert.equal(request.head.upgrade, 'SPDY/3.1');
      request.respond({ status: 101, headers: ['upgrade', 'SPDY/3.1'] });
      const sent = await read(request.stream);
      request.stream.end(sha(sent));
    });
    const response = await hub.request({ ...get('/exec'), upgrade: 'SPDY/3.1' }, {}, never);
    assert.ok(response.upgraded);
    const bytes = Buffer.alloc(3_000_000, 'x');
    response.upgraded.end(bytes);
    assert.equal(await readText(response.upgraded), sha(bytes));
  });

  it('aborts the request at the agent when the client goes away before or after the head', async () => {
    const reasons: unknown[] = [];
    const { hub, agent } = await connect(async request => {
      request.stream.on('error', error => reasons.push((error as StreamResetError).code));
      if (request.head.path === '/watch') request.respond(ok);
      await hold(request);
    });
    const before = new AbortController();
    const pending = hub.request(get('/slow'), {}, before.signal);
    const after = new AbortController();
    const response = await hub.request(get('/watch'), {}, after.signal);
    before.abort();
    after.abort();
    await assert.rejects(pending, { name: 'AbortError' });
    await assert.rejects(readText(response.body), resetWith('cancelled'));
    await eventually(() => reasons.length === 2);
    assert.deepEqual(reasons, ['cancelled', 'cancelled']);
    assert.equal(agent.streams, 0);
  });

  it('cuts the answer visibly when the agent fails in the middle of it', async () => {
    const failures: unknown[] = [];
    const { hub } = await connect(
      async request => {
        request.respond(ok);
        request.stream.write('half');
        await once(request.stream, 'never', { signal: AbortSignal.timeout(20) });
      },
      { agent: { onHandlerError: error => failures.push(error) } },
    );
    const response = await hub.request(get('/'), {}, never);
    await assert.rejects(readText(response.body), resetWith('internal'));
    assert.equal(failures.length, 1);
  });

  it('holds no more than its window for a reader that does not read, and others go on', async () => {
    let written = 0;
    const { hub } = await connect(async request => {
      request.respond(ok);
      if (request.head.path === '/small') {
        request.stream.end('small');
        return;
      }
      const chunk = Buffer.alloc(50_000);
      while (written < 10_000_000) {
        written += chunk.length;
        if (!request.stream.write(chunk)) await once(request.stream, 'drain');
      }
      request.stream.end();
    });
    const stalled = await hub.request(get('/big'), {}, never);
    await eventually(() => written > 256 * 1024);
    for (let round = 0; round < 20; round++) {
      assert.equal(await readText((await hub.request(get('/small'), {}, never)).body), 'small');
    }
    assert.ok(stalled.body.readableLength <= 256 * 1024, `${stalled.body.readableLength} bytes`);
    assert.ok(written < 600_000, `the agent was let write ${written} bytes`);
    assert.equal((await read(stalled.body)).length, 10_000_000);
  });

  it('stops the upload of a request that was answered early, and the answer stays whole', async () => {
    const { hub, agent } = await connect(async request => {
      request.respond({ status: 413, headers: [] });
      request.stream.end('too large');
    });
    const body = new PassThrough();
    const upload = { ...get('/'), method: 'POST' };
    const response = await hub.request(upload, { body }, never);
    assert.equal(await readText(response.body), 'too large');
    await eventually(() => hub.streams === 0);
    body.end(Buffer.alloc(2_000_000));
    await finished(body);
    assert.equal(agent.streams, 0);
  });

  it('refuses more streams than allowed, and only those', async () => {
    const { hub } = await connect(hold, { limits: { streams: 2 }, hubLimits: {} });
    const requests = [1, 2, 3].map(n => hub.request(get(`/${n}`), {}, never));
    await assert.rejects(requests[2] ?? Promise.resolve(), resetWith('refused'));
    assert.equal(hub.streams, 2);
    pair.agent.close('done');
    await assert.rejects(requests[0] ?? Promise.resolve(), resetWith('tunnel-closed'));
    await assert.rejects(requests[1] ?? Promise.resolve(), resetWith('tunnel-closed'));
  });

  it('refuses heads above the limit in both directions and stays up', async () => {
    const { hub } = await connect(async request => {
      const size = request.head.path === '/big-answer' ? 70_000 : 10;
      request.respond({ status: 200, headers: ['x', 'y'.repeat(size)] }, { end: true });
    });
    const big = { ...get('/'), headers: ['x', 'y'.repeat(70_000)] };
    await assert.rejects(hub.request(big, {}, never), resetWith('head-too-large'));
    await assert.rejects(hub.request(get('/big-answer'), {}, never), resetWith('head-too-large'));
    assert.equal((await hub.request(get('/'), {}, never)).status, 200);
  });

  it('finishes open streams after GOAWAY and refuses new ones', async () => {
    const went: unknown[] = [];
    const { hub } = await connect(
      async request => {
        request.respond(ok);
        request.stream.end(await readText(request.stream));
      },
      { agent: { onGoAway: goAway => went.push(goAway) } },
    );
    const body = new PassThrough();
    const response = await hub.request({ ...get('/'), method: 'POST' }, { body }, never);
    hub.goAway('the hub restarts', 3_000);
    await assert.rejects(hub.request(get('/'), {}, never), resetWith('refused'));
    await eventually(() => went.length > 0);
    assert.deepEqual(went, [{ reason: 'the hub restarts', reconnectWithinMs: 3_000 }]);
    body.end('last words');
    assert.equal(await readText(response.body), 'last words');
  });

  it('refuses new requests when the agent has said GOAWAY', async () => {
    const { hub, agent } = await connect(hold);
    agent.goAway('the agent stops');
    await eventually(() => !hub.acceptsRequests);
    await assert.rejects(hub.request(get('/'), {}, never), resetWith('refused'));
  });

  it('tells both ends and every open stream when the connection is cut', async () => {
    const { hub, agent, dialed } = await connect(hold);
    const pending = hub.request(get('/'), {}, never);
    dialed.terminate();
    await assert.rejects(pending, resetWith('tunnel-closed'));
    assert.equal((await hub.closed).kind, 'broken');
    assert.equal((await agent.closed).kind, 'broken');
  });

  it('notices at both ends that the other went silent, within twice the idle time', async () => {
    const { hub, agent, silence } = await connect(hold, { limits: { idleMs: 100, deadMs: 200 } });
    const started = performance.now();
    silence();
    const reasons = await Promise.all([hub.closed, agent.closed]);
    const took = performance.now() - started;
    assert.deepEqual(
      reasons.map(({ kind }) => kind),
      ['dead', 'dead'],
    );
    assert.ok(took < 1_000, `${took} ms`);
  });

  it('stays up while idle, because each end answers pings', async () => {
    const { hub, agent } = await connect(hold, { limits: { idleMs: 20, deadMs: 1_000 } });
    const started = performance.now();
    await eventually(() => hub.lastReceivedAt > started + 100);
    assert.equal(hub.acceptsRequests, true);
    agent.close('bye');
    assert.deepEqual(await hub.closed, { kind: 'peer', message: 'bye' });
  });
});

/** Reads to the end without destroying the stream, as an async iterator of a Duplex would. */
async function read(stream: Readable): Promise<Buffer> {
  const pieces: Buffer[] = [];
  stream.on('data', (piece: Buffer) => pieces.push(piece));
  await finished(stream, { writable: false });
  return Buffer.concat(pieces);
}

async function readText(stream: Readable): Promise<string> {
  return (await read(stream)).toString();
}

function sha(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
