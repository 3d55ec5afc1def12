import assert from 'node:assert/strict';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import fc from 'fast-check';
import type { WebSocket } from 'ws';
import { eventually } from '../test/eventually.ts';
import { connectSockets, type SocketPair } from '../test/tunnel-pair.ts';
import { AgentTunnel, type TunnelRequest } from './agent-end.ts';
import { END, encodeFrame, encodeFrameHeader, type FrameHeader, frameType } from './frame.ts';
import { FrameDecoder } from './frame-decoder.ts';
import type { Hello } from './heads.ts';
import { HubTunnel } from './hub-end.ts';
import type { TunnelLimits } from './limits.ts';
import { StreamResetError } from './tunnel-error.ts';

const hello: Hello = {
  protocol: 1,
  build: 'bad peer',
  windowBytes: 65_536,
  headBytes: 65_536,
  streams: 100,
};
const request = (
  id: number,
  head: unknown = { method: 'GET', path: '/', headers: [], target: 'child' },
) => encodeFrame(frameType.request, id, JSON.stringify(head), END);
const sayHello = () => encodeFrame(frameType.hello, 0, JSON.stringify(hello));

const answer = async (one: TunnelRequest) => {
  one.respond({ status: 200, headers: [] });
  one.stream.end('fine');
};

/** A peer that speaks raw frames and keeps what it received. */
class RawPeer {
  readonly received: { readonly header: FrameHeader; readonly payload: string }[] = [];
  readonly socket: WebSocket;

  constructor(socket: WebSocket) {
    this.socket = socket;
    const see = (header: FrameHeader, payload: Buffer) =>
      this.received.push({ header, payload: payload.toString() });
    const decoder = new FrameDecoder({ data: see, frame: see, oversize: () => {} }, 1_000_000);
    socket.on('message', message => decoder.push(message as Buffer));
    socket.on('error', () => {});
  }

  send(...frames: Buffer[]): void {
    this.socket.send(Buffer.concat(frames));
  }

  /** Waits for a RESET of that stream and returns its code. */
  async resetOf(stream: number): Promise<string> {
    const found = await eventually(() =>
      this.received.find(
        ({ header }) => header.type === frameType.reset && header.stream === stream,
      ),
    );
    return (JSON.parse(found.payload) as { code: string }).code;
  }

  /** Waits for DATA of that stream and returns it. */
  async dataOf(stream: number): Promise<string> {
    const found = await eventually(() =>
      this.received.find(
        ({ header }) => header.type === frameType.data && header.stream === stream,
      ),
    );
    return found.payload;
  }
}

describe('a tunnel with a bad peer', () => {
  let sockets: SocketPair;

  beforeEach(async () => {
    sockets = await connectSockets();
  });
  afterEach(() => sockets.close());

  /** An agent's end whose hub is the test. */
  function badHub(handler = answer): { agent: AgentTunnel; peer: RawPeer } {
    const agent = new AgentTunnel(sockets.accepted, { build: 'agent', handler });
    return { agent, peer: new RawPeer(sockets.dialed) };
  }

  /** A hub's end whose agent is the test. */
  function badAgent(limits: Partial<TunnelLimits> = {}): { hub: HubTunnel; peer: RawPeer } {
    const hub = new HubTunnel(sockets.accepted, { build: 'hub', limits });
    return { hub, peer: new RawPeer(sockets.dialed) };
  }

  const ask = (hub: HubTunnel) =>
    hub.request(
      { method: 'GET', path: '/', headers: [], target: 'child' },
      {},
      new AbortController().signal,
    );

  for (const [what, bytes] of Object.entries({
    'a text message': 'hello',
    'no HELLO first': request(1),
    'data before HELLO': encodeFrame(frameType.data, 1, 'x'),
    'a HELLO that is not JSON': encodeFrame(frameType.hello, 0, '{'),
    'a HELLO with a field out of range': encodeFrame(
      frameType.hello,
      0,
      JSON.stringify({ ...hello, windowBytes: -1 }),
    ),
    'a HELLO of another protocol': encodeFrame(
      frameType.hello,
      0,
      JSON.stringify({ ...hello, protocol: 2 }),
    ),
    'a second HELLO': Buffer.concat([sayHello(), sayHello()]),
    'a stream id of the wrong side': Buffer.concat([sayHello(), request(2)]),
    'a stream id used before': Buffer.concat([sayHello(), request(3), request(3)]),
    'an oversize frame for the tunnel itself': Buffer.concat([
      encodeFrameHeader({ type: frameType.hello, flags: 0, stream: 0, length: 70_000 }),
      Buffer.alloc(70_000),
    ]),
  })) {
    it(`is closed as a protocol error on ${what}`, async () => {
      const { agent, peer } = badHub();
      const closed = once(peer.socket, 'close');
      peer.socket.send(bytes);
      assert.equal((await agent.closed).kind, 'protocol');
      assert.equal((await closed)[0], 1002);
    });
  }

  it('is closed when one message is larger than any honest peer sends', async () => {
    const { agent, peer } = badHub();
    peer.send(sayHello(), Buffer.alloc(8 * 1024 * 1024));
    assert.equal((await agent.closed).kind, 'broken');
  });

  for (const [what, code, frames] of [
    ['a request that is not JSON', 'malformed', [encodeFrame(frameType.request, 1, '{"')]],
    ['a request that is not an object', 'malformed', [request(1, [1])]],
    [
      'a request whose path could split the request',
      'malformed',
      [request(1, { method: 'GET', path: '/ HTTP/1.1\r\nx: y', headers: [], target: 'child' })],
    ],
    [
      'a request with a header value that breaks lines',
      'malformed',
      [request(1, { method: 'GET', path: '/', headers: ['a', 'b\r\nc: d'], target: 'child' })],
    ],
    [
      'a request with an odd header list',
      'malformed',
      [request(1, { method: 'GET', path: '/', headers: ['a'], target: 'child' })],
    ],
    [
      'an oversize request',
      'head-too-large',
      [
        encodeFrameHeader({ type: frameType.request, flags: 0, stream: 1, length: 70_000 }),
        Buffer.alloc(70_000),
      ],
    ],
    ['credit of a wrong size', 'malformed', [openUpload(1), encodeFrame(frameType.credit, 1, 'x')]],
    [
      'more data than it was given credit for',
      'flow-control',
      [openUpload(1), encodeFrame(frameType.data, 1, Buffer.alloc(256 * 1024 + 1))],
    ],
    ['data after the end', 'malformed', [request(1), encodeFrame(frameType.data, 1, 'more')]],
  ] as const) {
    it(`loses only the stream on ${what}`, async () => {
      const { peer } = badHub(async one => {
        if (one.head.path === '/hold') await finished(one.stream);
        else await answerLater(one);
      });
      peer.send(sayHello(), ...frames, request(3));
      assert.equal(await peer.resetOf(1), code);
      assert.equal(await peer.dataOf(3), 'fine');
    });
  }

  it('ignores frames of unknown types, of streams it does not know and of streams that are over', async () => {
    const { peer } = badHub();
    peer.send(
      sayHello(),
      encodeFrameHeader({ type: 99, flags: 7, stream: 0, length: 100_000 }),
      Buffer.alloc(100_000),
      encodeFrame(frameType.data, 77, 'who?'),
      encodeFrame(frameType.reset, 77, 'not JSON'),
      request(1),
    );
    assert.equal(await peer.dataOf(1), 'fine');
    peer.send(encodeFrame(frameType.data, 1, 'late'), encodeFrame(frameType.trailers, 1, '{'));
    peer.send(request(3));
    assert.equal(await peer.dataOf(3), 'fine');
  });

  it('rejects only the one request whose answer is malformed, unasked for or oversize', async () => {
    const { hub, peer } = badAgent();
    peer.send(sayHello());
    await hub.hello;
    const requests = [ask(hub), ask(hub), ask(hub), ask(hub)];
    const outcome = Promise.allSettled(requests);
    const response = (id: number, head: unknown) =>
      encodeFrame(frameType.response, id, JSON.stringify(head));
    peer.send(
      response(1, { status: 20, headers: [] }),
      response(3, { status: 200, headers: ['bad name', ''] }),
      encodeFrameHeader({ type: frameType.response, flags: 0, stream: 5, length: 70_000 }),
      Buffer.alloc(70_000),
      response(7, { status: 200, headers: [] }),
    );
    const codes = (await outcome).map(result =>
      result.status === 'fulfilled'
        ? result.value.status
        : (result.reason as StreamResetError).code,
    );
    assert.deepEqual(codes, ['malformed', 'malformed', 'head-too-large', 200]);
    const body = (await requests[3])?.body;
    assert.ok(body);
    peer.send(response(7, { status: 200, headers: [] }));
    await assert.rejects(finished(body), { code: 'malformed' });
    assert.equal(hub.acceptsRequests, true);
  });

  it('gives up a peer that asks and never reads', async () => {
    const { hub, peer } = badAgent({ queuedControlBytes: 100_000 });
    peer.send(sayHello());
    await hub.hello;
    peer.socket.pause();
    const pings = Buffer.concat(
      Array.from({ length: 200_000 }, () => encodeFrame(frameType.ping, 0, 'abcdefgh')),
    );
    const timer = setInterval(() => peer.send(pings), 1);
    try {
      const reason = await hub.closed;
      assert.deepEqual(reason, { kind: 'protocol', message: 'the peer does not read' });
    } finally {
      clearInterval(timer);
    }
  });

  it('survives any bytes after a good HELLO: it answers, closes, or is given up as dead', async () => {
    const garbage = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 60 }).map(bytes => Buffer.from(bytes)),
        fc
          .record({
            type: fc.integer({ min: 0, max: 12 }),
            flags: fc.integer({ min: 0, max: 3 }),
            stream: fc.integer({ min: 0, max: 9 }),
            payload: fc.oneof(fc.json(), fc.string({ maxLength: 20 }), fc.constant('')),
          })
          .map(({ payload, ...header }) =>
            Buffer.concat([
              encodeFrameHeader({ ...header, length: Buffer.byteLength(payload) }),
              Buffer.from(payload),
            ]),
          ),
      ),
      { minLength: 1, maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(garbage, async pieces => {
        const pair = await connectSockets();
        try {
          const agent = new AgentTunnel(pair.accepted, { build: 'agent', handler: answer });
          const limits = { idleMs: 20, deadMs: 60 };
          const hub = new HubTunnel(pair.dialed, { build: 'hub', limits });
          await hub.hello;
          pair.dialed.send(Buffer.concat(pieces));
          const asked = ask(hub).then(
            response => response.status,
            (error: unknown) => error instanceof StreamResetError,
          );
          await Promise.race([asked, agent.closed]);
          hub.close('enough');
          assert.ok([200, true].includes(await asked));
          await agent.closed;
        } finally {
          await pair.close();
        }
      }),
      { numRuns: 40 },
    );
  }).timeout(30_000);
});

function openUpload(id: number): Buffer {
  const head = { method: 'POST', path: '/hold', headers: [], target: 'child' };
  return encodeFrame(frameType.request, id, JSON.stringify(head));
}

async function answerLater(one: TunnelRequest): Promise<void> {
  await new Promise(resolve => setImmediate(resolve));
  await answer(one);
}
