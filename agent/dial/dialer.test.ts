import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { finished } from 'node:stream/promises';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { WebSocketServer } from 'ws';
import { eventually } from '../../test/eventually.ts';
import { selfSigned } from '../../test/tls-front.ts';
import type { TunnelRequest } from '../../tunnel/agent-end.ts';
import { HubTunnel } from '../../tunnel/hub-end.ts';
import type { DialError } from './connect-tunnel.ts';
import { runDialer } from './dialer.ts';
import { dialerMetrics } from './dialer-metrics.ts';

const clusterId = 'c1';
const head = { method: 'GET', path: '/', headers: [], target: 'child' };

/** A parent that takes tunnels, or answers what the test says. */
class Parent {
  readonly tunnels: HubTunnel[] = [];
  readonly requests: { readonly url: string; readonly authorization: string }[] = [];
  /** When set, upgrades are answered with it instead. */
  refusal: string | undefined;
  readonly #server: Server;
  readonly #websockets = new WebSocketServer({ noServer: true });

  constructor({ certificate, key }: { certificate: string; key: string }) {
    this.#server = createServer({ cert: certificate, key });
    this.#server.on('upgrade', (request, socket, early) => {
      const { url = '', headers } = request;
      this.requests.push({ url, authorization: headers.authorization ?? '' });
      if (this.refusal !== undefined) {
        socket.end(this.refusal);
        return;
      }
      this.#websockets.handleUpgrade(request, socket, early, websocket => {
        this.tunnels.push(new HubTunnel(websocket, { build: 'test' }));
      });
    });
  }

  async listen(): Promise<URL> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return new URL(`https://127.0.0.1:${(this.#server.address() as AddressInfo).port}/base/`);
  }

  async close(): Promise<void> {
    for (const tunnel of this.tunnels) tunnel.close('over');
    for (const client of this.#websockets.clients) client.terminate();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

describe('runDialer', () => {
  let parent: Parent;
  let url: URL;
  let caBundle: string;
  let stop: AbortController;
  let dialing: Promise<void>;
  let failures: DialError[];
  let registry: Registry;

  beforeEach(async () => {
    const pair = await selfSigned();
    caBundle = pair.certificate;
    parent = new Parent(pair);
    url = await parent.listen();
    stop = new AbortController();
    dialing = Promise.resolve();
    failures = [];
    registry = new Registry();
  });
  afterEach(async () => {
    stop.abort();
    await dialing;
    await parent.close();
  });

  function dial(trusted = caBundle): void {
    dialing = runDialer(
      {
        parent: url,
        clusterId,
        token: () => `token-${parent.requests.length}`,
        caBundle: trusted,
        serve: ({ stream }: TunnelRequest) => finished(stream).catch(() => {}),
        build: 'test-agent',
        logger: pino({ level: 'silent' }),
        metrics: dialerMetrics(registry),
        onFailure: error => failures.push(error),
      },
      stop.signal,
    );
  }

  const tunnel = (index: number) => eventually(() => parent.tunnels[index], { withinMs: 8_000 });
  const isConnected = async () =>
    (await registry.getSingleMetric('clusternet_agent_tunnel_connected')?.get())?.values[0]?.value;

  it('opens sockets/<id>/attach below the parent’s path with the present token', async () => {
    dial();
    assert.equal((await (await tunnel(0)).hello).build, 'test-agent');
    assert.deepEqual(parent.requests, [
      {
        url: '/base/apis/proxies.clusternet.io/v1alpha1/sockets/c1/attach',
        authorization: 'Bearer token-0',
      },
    ]);
    await eventually(async () => (await isConnected()) === 1);
  });

  it('is back soon after the tunnel broke, with the token of then', async () => {
    dial();
    const first = await tunnel(0);
    await first.hello;
    first.close('restart');
    await (await tunnel(1)).hello;
    assert.equal(parent.requests[1]?.authorization, 'Bearer token-1');
  });

  it('connects anew on GOAWAY and lets the open requests of the old tunnel go on', async () => {
    dial();
    const first = await tunnel(0);
    await first.hello;
    const open = first.request(head, {}, stop.signal);
    open.catch(() => {});
    first.goAway('the hub restarts', 10);
    await (await tunnel(1)).hello;
    assert.equal(first.streams, 1);
    stop.abort();
    await assert.rejects(open);
    await dialing;
    await Promise.all(parent.tunnels.map(one => one.closed));
  });

  it('tells what the parent answered, and tries again', async () => {
    const body = JSON.stringify({ kind: 'Status', message: 'sockets "c1" is forbidden' });
    parent.refusal = `HTTP/1.1 403 Forbidden\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    dial();
    const failure = await eventually(() => failures[0]);
    assert.equal(failure.statusCode, 403);
    assert.equal(failure.message, 'the parent answered 403: sockets "c1" is forbidden');
    parent.refusal = undefined;
    await (await tunnel(0)).hello;
  });

  it('follows no redirect', async () => {
    parent.refusal =
      'HTTP/1.1 307 Temporary Redirect\r\nLocation: https://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n';
    dial();
    assert.equal((await eventually(() => failures[0])).statusCode, 307);
    assert.equal(parent.requests.length, 1);
  });

  it('does not talk to a parent whose certificate is not trusted', async () => {
    dial((await selfSigned()).certificate);
    const failure = await eventually(() => failures[0]);
    assert.equal(failure.statusCode, undefined);
    assert.match(failure.message, /certificate/);
    assert.deepEqual(parent.requests, []);
  });

  it('ends at once when told to, also while it waits for the next attempt', async () => {
    parent.refusal = 'HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n';
    dial();
    await eventually(() => failures.length > 0);
    const began = performance.now();
    stop.abort();
    await dialing;
    assert.ok(performance.now() - began < 500);
  });
});
