import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { Socket } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { WebSocket } from 'ws';
import { builtin } from '../kube/builtin.ts';
import { KubeClient } from '../kube/client.ts';
import {
  type AccessPlane,
  clusterId,
  extraHeader,
  hubNamespace,
  startAccessPlane,
} from './access-plane.ts';
import { patternBlock } from './child-server.ts';
import { eventually } from './eventually.ts';

interface Answer {
  readonly status: number;
  readonly response: IncomingMessage;
  readonly body: string;
}

interface Echo {
  readonly method: string;
  readonly url: string;
  readonly headers: string[];
  readonly certificate: boolean;
}

describe('the access plane', () => {
  let plane: AccessPlane;
  let agent: https.Agent;

  before(async () => {
    plane = await startAccessPlane();
    plane.startAgent();
    agent = new https.Agent({ keepAlive: true, ca: plane.caBundle });
    await eventually(async () => (await ask('/status?code=200')).status === 200);
  });

  after(async () => {
    agent.destroy();
    await plane[Symbol.asyncDispose]();
  });

  /** Sends a request to the hub's listener over HTTP/1.1; the path is not touched by any URL parser. */
  function send(path: string, options: https.RequestOptions = {}) {
    const { port } = plane.url;
    return https.request({ host: 'localhost', port, path, agent, ...options });
  }

  async function answered(request: ReturnType<typeof send>): Promise<IncomingMessage> {
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    // The server may close what it did not read; the answer is whole all the same.
    request.on('error', () => {});
    return response;
  }

  async function ask(
    path: string,
    options: https.RequestOptions & { body?: string | Buffer } = {},
  ): Promise<Answer> {
    const request = send(plane.proxyPath + path, options);
    request.end(options.body);
    const response = await answered(request);
    return { status: response.statusCode ?? 0, response, body: await text(response) };
  }

  const echo = async (path: string, options: https.RequestOptions = {}): Promise<Echo> =>
    JSON.parse((await ask(path, options)).body);

  const valuesOf = ({ headers }: Echo, name: string) =>
    headers.filter((_, index) => index % 2 === 1 && headers[index - 1]?.toLowerCase() === name);

  it('passes path and query on byte for byte', async () => {
    const path = '/api/v1/..//x%2Fy/./z?b=2&a=%20&&watch=0';
    assert.equal((await echo(path)).url, path);
    assert.equal((await echo('')).url, '/');
    assert.equal((await echo('?limit=1')).url, '/?limit=1');
  });

  it('carries every method, and answers without a body', async () => {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      assert.equal((await echo('/x', { method })).method, method);
    }
    const head = await ask('/x', { method: 'HEAD' });
    assert.equal(head.body, '');
    assert.ok(Number(head.response.headers['content-length']) > 0);
    const empty = await ask('/status?code=204');
    assert.equal(empty.status, 204);
    assert.equal(empty.response.headers['x-kept'], 'yes');
  });

  it("passes the child's refusals on as they are", async () => {
    for (const code of [400, 404, 409, 422, 429, 500, 503]) {
      const { status, body } = await ask(`/status?code=${code}`);
      assert.deepEqual([status, body], [code, 'status body']);
    }
  });

  it('lets nothing through that says who somebody is, nor what concerns one connection only', async () => {
    const headers = {
      authorization: 'Bearer parent',
      'x-remote-user': 'jane',
      'x-remote-extra-clusternet-token': 'secret',
      'impersonate-user': 'root',
      'x-custom-user-name': 'jane',
      connection: 'keep-alive, x-hop',
      'x-hop': '1',
      te: 'trailers',
      'proxy-authorization': 'Basic x',
      'keep-alive': 'timeout=5',
      'x-kept': 'yes',
      accept: 'application/json',
    };
    const seen = await echo('/x', { headers });
    const names = seen.headers
      .filter((_, index) => index % 2 === 0)
      .map(name => name.toLowerCase());
    for (const name of Object.keys(headers)) {
      const kept = ['x-kept', 'accept', 'connection'].includes(name);
      assert.equal(names.includes(name), kept, name);
    }
    assert.deepEqual(valuesOf(seen, 'host'), [plane.child.url.host]);
    assert.equal(seen.certificate, false);
  });

  it('reaches the child as who the extras say: token, impersonation, client certificate', async () => {
    const { certificate, key } = plane.child.identity;
    const base64 = (pem: string) => Buffer.from(pem).toString('base64');
    const as = (extra: Record<string, string[]>) =>
      echo('/x', { headers: { [extraHeader]: JSON.stringify(extra) } });
    const token = await as({
      'clusternet-token': ['child-token'],
      'clusternet-impersonate-user': ['joe'],
      'clusternet-impersonate-group': ['a', 'b'],
    });
    assert.deepEqual(valuesOf(token, 'authorization'), ['Bearer child-token']);
    assert.deepEqual(valuesOf(token, 'impersonate-user'), ['joe']);
    assert.deepEqual(valuesOf(token, 'impersonate-group'), ['a', 'b']);
    const certified = await as({
      'clusternet-certificate': [base64(certificate)],
      'clusternet-privatekey': [base64(key)],
    });
    assert.equal(certified.certificate, true);
    assert.equal((await echo('/x')).certificate, false);
  });

  it('refuses extras it cannot use, naming them', async () => {
    for (const [extra, words] of [
      [{ 'clusternet-certificate': ['x'] }, /clusternet-privatekey/],
      [{ 'clusternet-certificate': ['x'], 'clusternet-privatekey': ['y'] }, /base64/],
      [{ 'clusternet-host': ['evil'] }, /clusternet-host/],
    ] as const) {
      const { status, body } = await ask('/x', {
        headers: { [extraHeader]: JSON.stringify(extra) },
      });
      assert.equal(status, 400);
      assert.match(JSON.parse(body).message, words);
    }
  });

  it('carries megabytes down and up unchanged', async () => {
    const bytes = 20_000_000;
    const response = await answered(send(`${plane.proxyPath}/big?bytes=${bytes}`).end());
    assert.equal(await digestOf(response), patternDigest(bytes));
    const body = Buffer.alloc(10_000_000, 'upload');
    const { body: said } = await ask('/upload', { method: 'POST', body });
    const sha256 = createHash('sha256').update(body).digest('hex');
    assert.deepEqual(JSON.parse(said), { bytes: body.length, sha256 });
  }).timeout(30_000);

  it('delivers the events of a watch as they come and ends it in the child when the client goes', async () => {
    const watches = await Promise.all(
      Array.from({ length: 70 }, async () => {
        const request = send(`${plane.proxyPath}/watch?watch=true`, {
          agent: false,
          ca: plane.caBundle,
        });
        const response = await answered(request.end());
        await once(response, 'data');
        return { request, response };
      }),
    );
    assert.equal(plane.child.watches, 70);
    // 20 streams are allowed on one connection.
    assert.ok(plane.child.connections.http2 >= 4, JSON.stringify(plane.child.connections));
    assert.ok(plane.child.connections.http2 <= 8, JSON.stringify(plane.child.connections));
    for (const { request, response } of watches) {
      response.on('error', () => {});
      request.destroy();
    }
    await eventually(() => plane.child.watches === 0);
  }).timeout(20_000);

  it('stops reading from the child when a client does not read, and serves the others', async () => {
    const response = await answered(
      send(`${plane.proxyPath}/endless`, { agent: false, ca: plane.caBundle }).end(),
    );
    response.pause();
    let before = -1;
    await eventually(async () => {
      const still = before === plane.child.endlessBytes;
      before = plane.child.endlessBytes;
      await ask('/status?code=200');
      await new Promise(resolve => setTimeout(resolve, 50));
      return still;
    });
    assert.ok(before < 32_000_000, `${before} bytes left the child`);
    response.destroy();
  });

  it('says visibly that an answer is incomplete', async () => {
    const response = await answered(send(`${plane.proxyPath}/cut`).end());
    await assert.rejects(text(response), { code: 'ECONNRESET' });
  });

  it('passes trailers on', async () => {
    const { response, body } = await ask('/trailers');
    assert.equal(body, 'body');
    assert.equal(response.trailers['x-checksum'], 'abc');
  });

  it('answers an early refusal of an upload, and the next request works', async () => {
    const { status, body } = await ask('/refuse-upload', {
      method: 'POST',
      body: Buffer.alloc(5_000_000),
    });
    assert.deepEqual([status, body], [413, 'too large']);
    assert.equal((await ask('/status?code=200')).status, 200);
  });

  it('never redirects: it says where the child pointed', async () => {
    const { status, body } = await ask('/redirect');
    assert.equal(status, 502);
    assert.match(JSON.parse(body).message, /redirect \(301\) to \/elsewhere\//);
  });

  it('serves HTTP/2 clients: answers, uploads, trailers, cut answers and cancelled watches', async () => {
    const session = http2.connect(plane.url, { ca: plane.caBundle });
    const open = (path: string, method = 'GET') =>
      session.request({ ':path': plane.proxyPath + path, ':method': method });
    try {
      const upload = open('/upload', 'POST');
      upload.end('hello');
      assert.equal(JSON.parse(await text(upload)).bytes, 5);
      const withTrailers = open('/trailers');
      const trailers = once(withTrailers, 'trailers');
      assert.equal(await text(withTrailers), 'body');
      assert.equal((await trailers)[0]['x-checksum'], 'abc');
      await assert.rejects(text(open('/cut')));
      const watch = open('/watch?watch=true');
      await once(watch, 'data');
      assert.equal(plane.child.watches, 1);
      watch.close(http2.constants.NGHTTP2_CANCEL);
      await eventually(() => plane.child.watches === 0);
    } finally {
      session.close();
    }
  });

  it('upgrades to websocket with the protocol of kubectl exec', async () => {
    const socket = new WebSocket(
      `${plane.url.href.replace('https', 'wss')}${plane.proxyPath.slice(1)}/exec?command=sh`,
      ['v5.channel.k8s.io'],
      { ca: plane.caBundle },
    );
    await once(socket, 'open');
    assert.equal(socket.protocol, 'v5.channel.k8s.io');
    for (let round = 0; round < 100; round++) {
      const sent = Buffer.alloc(1 + 997 * round, round);
      socket.send(sent);
      const [received] = await once(socket, 'message');
      assert.ok(sent.equals(received as Buffer));
    }
    socket.close(1000, 'bye');
    assert.equal((await once(socket, 'close'))[0], 1000);
  });

  it('keeps the last byte of an upgraded stream whose halves are closed one after the other', async () => {
    const request = https.request({
      host: 'localhost',
      port: plane.url.port,
      path: `${plane.proxyPath}/raw`,
      ca: plane.caBundle,
      agent: false,
      headers: { connection: 'Upgrade', upgrade: 'websocket' },
      allowHalfOpen: true,
    } as https.RequestOptions);
    request.end();
    const [, socket, early] = (await once(request, 'upgrade')) as [unknown, Socket, Buffer];
    const sent = Buffer.alloc(3_000_000, 'bytes of a stream');
    socket.end(sent);
    const received = Buffer.concat([early, await buffer(socket)]);
    const digest = createHash('sha256').update(sent).digest('hex');
    assert.equal(received.subarray(-64).toString(), digest);
    assert.equal(received.length, sent.length + 64);
  });

  it("passes a child's refusal of an upgrade on, and refuses SPDY itself", async () => {
    const upgrade = async (path: string, token: string) => {
      const request = send(plane.proxyPath + path, {
        method: 'POST',
        headers: { connection: 'Upgrade', upgrade: token },
      });
      request.end();
      const response = await answered(request);
      return { status: response.statusCode, response, body: await text(response) };
    };
    const refused = await upgrade('/other', 'websocket');
    assert.equal(refused.status, 403);
    assert.equal(refused.body, 'denied');
    assert.equal(refused.response.headers.warning, '299 - one, 299 - two');
    const spdy = await upgrade('/exec', 'SPDY/3.1');
    assert.equal(spdy.status, 501);
    assert.match(JSON.parse(spdy.body).message, /SPDY/);
  });

  it('answers 501 for other targets, 400 for none, 404 for an unknown cluster', async () => {
    const sockets = '/apis/proxies.clusternet.io/v1alpha1/sockets';
    for (const [path, status, words] of [
      [`${clusterId}/proxy/https/10.0.0.1/x`, 501, /proxy\/direct/],
      [`${clusterId}/proxy/`, 400, /direct/],
      [`${clusterId}/proxy/directx`, 400, /directx/],
      ['unknown/proxy/direct/api', 404, /unknown/],
    ] as const) {
      const response = await answered(send(`${sockets}/${path}`).end());
      assert.equal(response.statusCode, status, path);
      assert.match(JSON.parse(await text(response)).message, words);
    }
  });

  it('takes tunnels only from who speaks its protocol, for clusters it knows', async () => {
    const attach = async (id: string, headers: Record<string, string>) => {
      const path = `/apis/proxies.clusternet.io/v1alpha1/sockets/${id}/attach`;
      const request = send(path, { headers: { connection: 'Upgrade', ...headers } });
      const response = await answered(request.end());
      return [response.statusCode, JSON.parse(await text(response)).message];
    };
    const websocket = { upgrade: 'websocket', 'sec-websocket-version': '13' };
    const known = await attach(clusterId, { ...websocket, 'sec-websocket-protocol': 'other' });
    assert.equal(known[0], 400);
    assert.match(known[1], /v1\.tunnel\.clusternet\.io/);
    const other = await attach(clusterId, { upgrade: 'h2c' });
    assert.equal(other[0], 400);
    const unknown = await attach('who', {
      ...websocket,
      'sec-websocket-protocol': 'v1.tunnel.clusternet.io',
    });
    assert.deepEqual(unknown, [404, 'There is no cluster with id who.']);
  });

  it('cuts off who sends garbage or too much into a tunnel, and serves on through the good one', async () => {
    const path = `/apis/proxies.clusternet.io/v1alpha1/sockets/${clusterId}/attach`;
    for (const message of ['garbage', Buffer.alloc(20_000_000)]) {
      const socket = new WebSocket(
        `wss://localhost:${plane.url.port}${path}`,
        ['v1.tunnel.clusternet.io'],
        { ca: plane.caBundle },
      );
      socket.on('error', () => {});
      socket.once('open', () => socket.send(message));
      const [code] = await once(socket, 'close');
      assert.ok([1002, 1009].includes(code), `closed with ${code}`);
      assert.equal((await ask('/status?code=200')).status, 200);
    }
  });

  it('writes who holds the tunnel, with an epoch, and that the replica lives', async () => {
    const client = new KubeClient(plane.api.access());
    const lease = (name: string) => client.find(builtin.leases, { namespace: hubNamespace, name });
    const tunnel = await eventually(() => lease(`tunnel-${clusterId}`));
    assert.equal(tunnel.spec?.holderIdentity, 'replica-1');
    assert.ok((tunnel.spec?.leaseTransitions ?? 0) >= 1);
    assert.equal(tunnel.metadata.labels?.['clusters.clusternet.io/cluster-id'], clusterId);
    const replica = await eventually(() => lease('hub-replica-1'));
    assert.equal(replica.spec?.leaseDurationSeconds, 15);
  });
});

describe('the access plane when agents come and go', () => {
  let plane: AccessPlane;

  beforeEach(async () => {
    plane = await startAccessPlane();
  });
  afterEach(() => plane[Symbol.asyncDispose]());

  const ask = () =>
    new Promise<{ status: number; headers: IncomingMessage['headers']; body: string }>(
      (resolve, reject) => {
        const { port } = plane.url;
        const path = `${plane.proxyPath}/status?code=200`;
        const options = {
          host: 'localhost',
          port,
          path,
          ca: plane.caBundle,
          agent: false as const,
        };
        https
          .get(options, response => {
            text(response).then(
              body =>
                resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
              reject,
            );
          })
          .on('error', reject);
      },
    );
  const serves = () => eventually(async () => (await ask()).status === 200);

  it('says that the cluster is not connected, with Retry-After, while there is no tunnel', async () => {
    const before = await ask();
    assert.equal(before.status, 503);
    assert.equal(before.headers['retry-after'], '1');
    assert.equal(JSON.parse(before.body).reason, 'ServiceUnavailable');
    const stop = plane.startAgent();
    await serves();
    await stop();
    assert.equal((await ask()).status, 503);
  });

  it('serves through the newest agent, and the older one does not fight for its place', async () => {
    const stopOlder = plane.startAgent();
    await serves();
    const stopNewer = plane.startAgent();
    await eventually(async () => {
      const client = new KubeClient(plane.api.access());
      const key = { namespace: hubNamespace, name: `tunnel-${clusterId}` };
      return ((await client.find(builtin.leases, key))?.spec?.leaseTransitions ?? 0) >= 2;
    });
    await stopOlder();
    await serves();
    await stopNewer();
  });

  it('answers 502 when the agent cannot reach the API server of the child', async () => {
    plane.startAgent(clusterId, new URL('https://127.0.0.1:1'));
    const answer = await eventually(async () => {
      const one = await ask();
      return one.status !== 503 && one;
    });
    assert.equal(answer.status, 502);
    assert.match(JSON.parse(answer.body).message, /cannot reach the API server/);
  });

  it('cuts the tunnel of a cluster that leaves; the agent comes back only if it still may', async () => {
    plane.startAgent();
    await serves();
    plane.sockets.cut(clusterId, 'its credential was revoked');
    assert.equal((await ask()).status, 503);
    await serves();
  });
});

async function digestOf(stream: IncomingMessage): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of stream) hash.update(piece as Buffer);
  return hash.digest('hex');
}

function patternDigest(bytes: number): string {
  const block = patternBlock();
  const hash = createHash('sha256');
  for (let left = bytes; left > 0; left -= block.length) hash.update(block.subarray(0, left));
  return hash.digest('hex');
}
