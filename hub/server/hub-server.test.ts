import 'reflect-metadata';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { request } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect, type TLSSocket } from 'node:tls';
import * as x509 from '@peculiar/x509';
import { issueServing, makeAuthority, type PemPair } from '../certificates/issue.ts';
import { answerText } from './answer.ts';
import type { AuditLine } from './audit.ts';
import type { AuthenticatedRequest } from './authenticated-request.ts';
import { authenticator } from './authentication.ts';
import { hubServer } from './hub-server.ts';
import { type Listener, listen } from './listener.ts';
import { StatusError } from './status-error.ts';

const base = '/apis/proxies.clusternet.io/v1alpha1';
const p256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const now = new Date();

/** A client certificate, as kube-apiserver's front proxy has one. */
async function issueClient(authority: PemPair, commonName: string): Promise<PemPair> {
  const keys = await crypto.subtle.generateKey(p256, true, ['sign', 'verify']);
  const pkcs8 = x509.PemConverter.decode(authority.key)[0] ?? new ArrayBuffer(0);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${commonName}`,
    issuer: new x509.X509Certificate(authority.certificate).subject,
    notBefore: new Date(now.getTime() - 60_000),
    notAfter: new Date(now.getTime() + 3_600_000),
    publicKey: keys.publicKey,
    signingKey: await crypto.subtle.importKey('pkcs8', pkcs8, p256, false, ['sign']),
    signingAlgorithm: p256,
    extensions: [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])],
  });
  const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificate: certificate.toString('pem'),
    key: x509.PemConverter.encode(key, 'PRIVATE KEY'),
  };
}

describe('hubServer on its listener', () => {
  let listener: Listener;
  let serving: PemPair;
  let authority: PemPair;
  let client: PemPair;
  let stranger: PemPair;
  let proxied: AuthenticatedRequest[];
  let lines: AuditLine[];
  let errors: unknown[];

  before(async () => {
    const hubAuthority = await makeAuthority(now);
    serving = await issueServing(hubAuthority, ['localhost'], now);
    authority = await makeAuthority(now);
    client = await issueClient(authority, 'front-proxy-client');
    stranger = await issueClient(await makeAuthority(now), 'front-proxy-client');
  });

  beforeEach(async () => {
    [proxied, lines, errors] = [[], [], []];
    listener = await listen(
      { cert: serving.certificate, key: serving.key, clientCA: authority.certificate },
      { address: '127.0.0.1', port: 0 },
    );
    const api = hubServer({
      authenticate: authenticator({
        frontProxy: () => ({
          clientCA: authority.certificate,
          allowedNames: ['front-proxy-client'],
          usernameHeaders: ['X-Remote-User'],
          uidHeaders: [],
          groupHeaders: ['X-Remote-Group'],
          extraHeaderPrefixes: ['X-Remote-Extra-'],
        }),
        reviewToken: async () => undefined,
        now: () => 0,
      }),
      review: async ({ user }) => ({ allowed: user.name === 'ann', reason: '' }),
      sockets: {
        handlePredict: (incoming, response) => {
          proxied.push(incoming);
          answerText(response, 200, 'predicted');
        },
        handleProxy: (incoming, response) => {
          proxied.push(incoming);
          answerText(response, 200, 'ok');
        },
        handleUpgrade: (incoming, socket) => {
          proxied.push(incoming);
          socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\n\r\n');
        },
        cut: () => {},
      },
      issueCredential: async ({ body }) => {
        if (body === 'boom') throw new Error('inner secret');
        if (body === 'no') throw new StatusError(403, 'this is not for you');
        return { got: body };
      },
      live: () => [],
      ready: () => ['caches are empty'],
      version: '1.2.3',
      audit: line => lines.push(line),
      onError: error => errors.push(error),
      now: () => 0,
    });
    listener.server.on('request', (incoming, response) => {
      api.handle(incoming, response, listener.peerOf(incoming));
    });
    listener.server.on('upgrade', (incoming, socket, head) => {
      api.upgrade(incoming, socket, head, listener.peerOf(incoming));
    });
  });

  afterEach(() => listener.close());

  interface Sent {
    readonly method?: string;
    readonly as?: PemPair;
    readonly user?: string;
    readonly body?: string;
  }

  async function send(
    path: string,
    { method = 'GET', as = client, user = 'ann', body }: Sent = {},
  ) {
    const outgoing = request({
      host: '127.0.0.1',
      port: listener.port,
      path,
      method,
      agent: false,
      headers: { 'X-Remote-User': user },
      cert: as.certificate,
      key: as.key,
      rejectUnauthorized: false,
    });
    outgoing.end(body);
    const [response] = await once(outgoing, 'response');
    return { code: response.statusCode as number, body: await text(response) };
  }

  it('believes the front proxy over HTTP/1.1 and HTTP/2, and passes the path on untouched', async () => {
    const path = `${base}/sockets/c1/proxy/direct//a%2Fb/../c?x=%20`;
    assert.equal((await send(path)).code, 200);
    const session = connectHttp2(`https://127.0.0.1:${listener.port}`, {
      cert: client.certificate,
      key: client.key,
      rejectUnauthorized: false,
    });
    const stream = session.request({ ':path': path, 'x-remote-user': 'ann' });
    const [headers] = await once(stream, 'response');
    stream.resume();
    session.close();
    assert.equal(headers[':status'], 200);
    assert.deepEqual(
      proxied.map(({ user, rest, clusterId }) => [user.name, clusterId, rest]),
      Array(2).fill(['ann', 'c1', '/direct//a%2Fb/../c?x=%20']),
    );
  });

  it('does not believe a certificate of another authority, whatever it calls itself', async () => {
    const { code, body } = await send(`${base}/sockets/c1/proxy/`, { as: stranger });
    assert.equal(code, 401);
    assert.equal(JSON.parse(body).reason, 'Unauthorized');
    assert.deepEqual(proxied, []);
  });

  it('closes connections whose certificate no longer verifies when the authority changes, and no others', async () => {
    const open = async (pair?: PemPair): Promise<TLSSocket> => {
      const identity = pair === undefined ? {} : { cert: pair.certificate, key: pair.key };
      const options = { host: '127.0.0.1', port: listener.port, rejectUnauthorized: false };
      const socket = connect({ ...options, ...identity, ALPNProtocols: ['http/1.1'] });
      await once(socket, 'secureConnect');
      socket.write('GET /livez HTTP/1.1\r\nhost: x\r\n\r\n');
      await once(socket, 'data');
      return socket;
    };
    const [trusted, anonymous] = [await open(client), await open()];
    const closed = once(trusted, 'close');
    const next = await makeAuthority(now);
    listener.reload({
      cert: serving.certificate,
      key: serving.key,
      clientCA: next.certificate,
    });
    await closed;
    anonymous.write('GET /livez HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(anonymous, 'data');
    anonymous.destroy();
    const after = await send(`${base}/sockets/c1/proxy/`);
    assert.equal(after.code, 401, 'a new connection with the old certificate is not believed');
  });

  it('keeps connections open when the new bundle still holds their authority', async () => {
    const socket = connect({
      host: '127.0.0.1',
      port: listener.port,
      rejectUnauthorized: false,
      cert: client.certificate,
      key: client.key,
      ALPNProtocols: ['http/1.1'],
    });
    await once(socket, 'secureConnect');
    const next = await makeAuthority(now);
    listener.reload({
      cert: serving.certificate,
      key: serving.key,
      clientCA: next.certificate + authority.certificate,
    });
    socket.write(`GET ${base}/sockets/c1/proxy/ HTTP/1.1\r\nhost: x\r\nX-Remote-User: ann\r\n\r\n`);
    const [answer] = await once(socket, 'data');
    assert.match(String(answer), /^HTTP\/1.1 200/);
    socket.destroy();
  });

  it('hands an upgrade over, and refuses one in a Status with 403', async () => {
    const upgrade = async (user: string) => {
      const outgoing = request({
        host: '127.0.0.1',
        port: listener.port,
        path: `${base}/sockets/c1/attach`,
        agent: false,
        headers: { 'X-Remote-User': user, connection: 'Upgrade', upgrade: 'websocket' },
        cert: client.certificate,
        key: client.key,
        rejectUnauthorized: false,
      });
      outgoing.end();
      return Promise.race([
        once(outgoing, 'upgrade').then(() => ({ code: 101, body: '{}' })),
        once(outgoing, 'response').then(async ([response]) => ({
          code: response.statusCode as number,
          body: await text(response),
        })),
      ]);
    };
    assert.equal((await upgrade('ann')).code, 101);
    assert.equal(proxied[0]?.subresource, 'attach');
    assert.deepEqual(
      lines.map(({ stage, status }) => `${stage} ${status}`),
      ['ResponseStarted 101', 'ResponseComplete 101'].slice(0, lines.length),
    );
    assert.ok(lines.length >= 1, 'a tunnel is in the audit log while it lasts');
    const refused = await upgrade('bob');
    assert.equal(refused.code, 403);
    assert.match(JSON.parse(refused.body).message, /user "bob" cannot get it/);
  });

  it('hands a question to the predictor over to whoever may create it', async () => {
    const asked: unknown[] = [];
    const { code, body } = await send(`${base}/sockets/c1/predict`, { method: 'POST', body: '{}' });
    asked.push(
      ...proxied.map(({ subresource, clusterId, rest }) => [subresource, clusterId, rest]),
    );
    assert.deepEqual([code, body, asked], [200, 'predicted', [['predict', 'c1', '']]]);
    assert.equal(lines.at(-1)?.verb, 'create');
  });

  it('answers every refusal with a Status of its code and reason', async () => {
    const credential = `${base}/sockets/c1/credential`;
    for (const [path, sent, code, reason] of [
      ['/api/v1/pods', {}, 404, 'NotFound'],
      [`${base}/sockets/c1/proxy/`, { method: 'PROPFIND' }, 405, 'MethodNotAllowed'],
      [credential, {}, 405, 'MethodNotAllowed'],
      [credential, { method: 'POST', body: 'no' }, 403, 'Forbidden'],
      [credential, { method: 'POST', body: 'x'.repeat(20_000) }, 413, 'RequestEntityTooLarge'],
      [`${base}/sockets/c1/attach`, {}, 400, 'BadRequest'],
      [`${base}/sockets/c1/predict`, {}, 405, 'MethodNotAllowed'],
      [`${base}/sockets/c1/predict`, { method: 'POST', user: 'bob' }, 403, 'Forbidden'],
      [`${base}/sockets/c1/proxy/`, { user: 'system:anonymous' }, 401, 'Unauthorized'],
      ['/apis', { method: 'POST' }, 405, 'MethodNotAllowed'],
    ] as const) {
      const answer = await send(path, sent);
      const status = JSON.parse(answer.body);
      assert.deepEqual([answer.code, status.kind, status.reason], [code, 'Status', reason], path);
      assert.ok(status.message.length > 10, path);
    }
  });

  it('tells the client nothing of an inner error but where to look, and logs it', async () => {
    const { code, body } = await send(`${base}/sockets/c1/credential`, {
      method: 'POST',
      body: 'boom',
    });
    assert.equal(code, 500);
    assert.doesNotMatch(body, /inner secret/);
    assert.match(JSON.parse(body).message, /under audit id/);
    assert.match(String(errors[0]), /inner secret/);
  });

  it('serves the version and says by name what it is not ready for', async () => {
    assert.equal(JSON.parse((await send('/version')).body).gitVersion, 'v1.2.3');
    assert.deepEqual(await send('/readyz'), { code: 503, body: 'caches are empty\n' });
    assert.equal((await send('/livez')).body, 'ok');
  });

  it('closes although a client is in the middle of its handshake', async () => {
    const half = connectTcp(listener.port, '127.0.0.1');
    half.on('error', () => {});
    await once(half, 'connect');
    // Answered, so the server has accepted it; the rest of the handshake never comes.
    await send('/livez');
    const gone = once(half, 'close');
    await listener.close();
    await gone;
  });

  it('audits who did what, health checks left out', async () => {
    await send('/livez');
    await send(`${base}/sockets/c1/proxy/direct/api?token=secret`, { method: 'DELETE' });
    const [line, ...more] = lines;
    assert.deepEqual(more, []);
    assert.equal(line?.verb, 'delete');
    assert.equal(line?.user, 'ann');
    assert.equal(line?.status, 200);
    assert.doesNotMatch(JSON.stringify(line), /secret/);
  });
});
