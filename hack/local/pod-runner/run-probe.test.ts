import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Probe } from './pod.ts';
import { runProbe } from './run-probe.ts';

describe('runProbe', () => {
  let server: Server;
  let port: number;
  before(async () => {
    server = createServer((request, response) => {
      if (request.url === '/slow') return;
      response.writeHead(Number(request.url?.slice(1)), { seen: String(request.headers['x-who']) });
      response.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  function run(probe: Probe, exec: () => Promise<number> = () => assert.fail()) {
    const endpoint = (asked: number | string) => {
      if (asked === 'nobody') throw new Error('no container port is named nobody');
      return { address: '127.0.0.1', port: asked === 'web' ? port : Number(asked) };
    };
    return runProbe(probe, { endpoint, exec }, new AbortController().signal);
  }

  it('takes HTTP statuses from 200 to 399 for a success', async () => {
    for (const path of ['/200', '/204', '/302', '/399']) {
      assert.equal(await run({ httpGet: { path, port: 'web' } }), undefined, path);
    }
    assert.equal(await run({ httpGet: { path: '/400', port } }), 'HTTP status 400');
    assert.equal(await run({ httpGet: { path: '/503', port } }), 'HTTP status 503');
  });

  it('waits as long as the probe says', async () => {
    const probe = { httpGet: { path: '/slow', port }, timeoutSeconds: 0.05 };
    assert.equal(await run(probe), 'no answer within 0.05 s');
  });

  it('takes an open port for a success', async () => {
    assert.equal(await run({ tcpSocket: { port } }), undefined);
    assert.match((await run({ tcpSocket: { port: 1 } })) ?? '', /ECONNREFUSED/);
  });

  it('takes exit code 0 for a success', async () => {
    const probe = { exec: { command: ['true'] } };
    assert.equal(await run(probe, async () => 0), undefined);
    assert.equal(await run(probe, async () => 3), 'the command ended with exit code 3');
  });

  it('fails for a port that no container names', async () => {
    assert.equal(await run({ tcpSocket: { port: 'nobody' } }), 'no container port is named nobody');
  });
});
