import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import {
  connect,
  createServer as createHttp2Server,
  type Http2Server,
  Http2ServerResponse,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { connectTunnel, type TunnelPair } from '../../test/tunnel-pair.ts';
import type { TunnelRequest } from '../../tunnel/agent-end.ts';
import type { AuthenticatedRequest, OutgoingResponse } from '../server/authenticated-request.ts';
import { proxyRequest } from './proxy-request.ts';

/** Head, three pieces of body and the end leave in one message, so that the hub has the whole answer at once. */
async function answerAtOnce(answer: TunnelRequest): Promise<void> {
  const { head, stream } = answer;
  answer.respond({ status: 203, headers: ['X-Kept', 'yes'] });
  for (const piece of ['first ', 'second ', 'third']) stream.write(piece);
  if (head.path === '/trailers') stream.endWithTrailers(['x-sum', '1']);
  else stream.end();
}

describe('proxyRequest, when the hub has the whole answer at once', () => {
  let tunnel: TunnelPair;
  let http1: Server;
  let http2: Http2Server;
  let waitedForTrailers: number;

  before(async () => {
    tunnel = await connectTunnel(answerAtOnce);
    const serve = (incoming: AuthenticatedRequest['incoming'], response: OutgoingResponse) => {
      const user = { name: 'jane', groups: [], extra: {} };
      const head = { method: 'GET', path: incoming.url ?? '', headers: [], target: 'child' };
      if (response instanceof Http2ServerResponse) {
        response.stream.on('wantTrailers', () => waitedForTrailers++);
      }
      response.setHeader('audit-id', 'a1');
      const asked = { incoming, user, clusterId: 'c1', subresource: 'proxy', rest: '' } as const;
      void proxyRequest(tunnel.hub, head, asked, response);
    };
    [http1, http2] = [createServer(serve), createHttp2Server(serve)];
    for (const server of [http1, http2]) await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  beforeEach(() => {
    waitedForTrailers = 0;
  });
  after(async () => {
    http1.close();
    http2.close();
    await tunnel.close();
  });

  const portOf = (server: Server | Http2Server) => (server.address() as AddressInfo).port;

  async function overHttp1(path: string) {
    const asking = request({ host: '127.0.0.1', port: portOf(http1), path, agent: false }).end();
    const [response] = (await once(asking, 'response')) as [IncomingMessage];
    const body = await text(response);
    const { statusCode: status, headers, trailers } = response;
    return { status, body, kept: headers['x-kept'], audit: headers['audit-id'], trailers };
  }

  async function overHttp2(path: string) {
    const session = connect(`http://127.0.0.1:${portOf(http2)}`);
    const stream = session.request({ ':path': path });
    let trailers = {};
    stream.on('trailers', ({ 'x-sum': sum }) => {
      trailers = { 'x-sum': sum };
    });
    const [headers] = await once(stream, 'response');
    const body = await text(stream);
    session.close();
    const { ':status': status } = headers;
    return { status, body, kept: headers['x-kept'], audit: headers['audit-id'], trailers };
  }

  const whole = { status: 203, body: 'first second third', kept: 'yes', audit: 'a1', trailers: {} };

  it('sends every piece of it over HTTP/1.1', async () => {
    assert.deepEqual(await overHttp1('/'), whole);
  });

  it('sends every piece of it over HTTP/2, the end with the last', async () => {
    assert.deepEqual(await overHttp2('/'), whole);
    assert.equal(waitedForTrailers, 0);
  });

  it('sends its trailers over both', async () => {
    const expected = { ...whole, trailers: { 'x-sum': '1' } };
    assert.deepEqual(await overHttp1('/trailers'), expected);
    assert.deepEqual(await overHttp2('/trailers'), expected);
  });
});
