import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { ManagedClusterStatus } from '../../api/clusters/managed-cluster.ts';
import { KubeClient } from '../../kube/client.ts';
import { type FakeApiServer, startFakeApiServer } from '../../test/fake-api-server.ts';
import { cluster } from '../../test/scheduling-objects.ts';
import { selfSigned } from '../../test/tls-front.ts';
import type { AllowedAddress } from './allowed-address.ts';
import { PredictionError } from './prediction-error.ts';
import { PredictorClient } from './predictor-client.ts';

interface Seen {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

describe('PredictorClient', () => {
  let parent: FakeApiServer;
  let servers: Server[];
  let seen: Seen[];
  let directory: string;
  let answer: (response: ServerResponse) => void;

  beforeEach(async () => {
    parent = await startFakeApiServer();
    directory = await mkdtemp(join(tmpdir(), 'clusternet-predictor-'));
    [servers, seen] = [[], []];
    answer = response => response.end('{"replicas":{"default":3}}');
  });

  afterEach(async () => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
    await parent.close();
    await rm(directory, { recursive: true });
  });

  async function listen(server: Server): Promise<number> {
    servers.push(server);
    server.on('request', async (request: IncomingMessage, response: ServerResponse) => {
      seen.push({ path: request.url ?? '', headers: request.headers, body: await text(request) });
      answer(response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  /** A predictor on loopback, and the entry that allows it. */
  async function startPredictor(): Promise<{ address: string; entry: AllowedAddress }> {
    const port = await listen(createServer());
    const entry = { scheme: 'http', host: '127.0.0.0/8', port } as const;
    return { address: `http://127.0.0.1:${port}`, entry };
  }

  function ask(
    predictorAddress: string,
    allowed: readonly AllowedAddress[],
    signal: AbortSignal = AbortSignal.timeout(10_000),
  ) {
    const status: ManagedClusterStatus = {
      predictorEnabled: true,
      predictorDirectAccess: true,
      predictorAddress,
    };
    const client = new PredictorClient(new KubeClient(parent.access()), allowed);
    return client.ask({ ...cluster('a'), status }, '{"nodeSelector":{}}', signal);
  }

  const reason = (asking: Promise<unknown>) =>
    asking.then(
      () => assert.fail('it was answered'),
      (error: unknown) => {
        assert.ok(error instanceof PredictionError, String(error));
        return error.reason;
      },
    );

  it('asks through the tunnel by the id of the cluster, and by nothing the cluster says', async () => {
    const { clusterId } = cluster('a').spec;
    const path = `/apis/proxies.clusternet.io/v1alpha1/sockets/${clusterId}/predict`;
    parent.answer('POST', path, () => ({ replicas: { default: 8 } }));
    const client = new PredictorClient(new KubeClient(parent.access()), []);
    const status = { predictorEnabled: true, predictorAddress: 'http://169.254.169.254' };
    const answered = await client.ask(
      { ...cluster('a'), status },
      '{"nodeSelector":{}}',
      AbortSignal.timeout(10_000),
    );
    assert.deepEqual(JSON.parse(answered.text), { replicas: { default: 8 } });
    assert.deepEqual(
      parent.requests.map(({ method, path: asked, body }) => [method, asked, body]),
      [['POST', path, '{"nodeSelector":{}}']],
    );
  });

  it('asks an allowed address directly, with the id of the cluster: a central predictor tells them apart', async () => {
    const { address, entry } = await startPredictor();
    const answered = await ask(`${address}/fleet/`, [entry]);
    assert.deepEqual(answered, { status: 200, text: '{"replicas":{"default":3}}' });
    assert.deepEqual(
      seen.map(({ path, headers, body }) => [path, headers['cluster-id'], body]),
      [['/fleet/replicas/predict', cluster('a').spec.clusterId, '{"nodeSelector":{}}']],
    );
  });

  it('dials no address that is not allowed', async () => {
    const { address } = await startPredictor();
    assert.equal(await reason(ask(address, [])), 'PredictorAddressNotAllowed');
    const wide: AllowedAddress = {
      scheme: 'http',
      host: '0.0.0.0/0',
      port: Number(new URL(address).port),
    };
    assert.equal(await reason(ask(address, [wide])), 'PredictorAddressNotAllowed');
    assert.equal(seen.length, 0);
  });

  it('does not dial a name that leads to the machine itself', async () => {
    const { address } = await startPredictor();
    const port = Number(new URL(address).port);
    const entry: AllowedAddress = { scheme: 'http', host: 'localhost', port };
    assert.equal(await reason(ask(`http://localhost:${port}`, [entry])), 'PredictorUnreachable');
    assert.equal(seen.length, 0);
  });

  it('verifies an https predictor by the CA of its entry, and shows it the token', async () => {
    const [pair, other] = [await selfSigned(), await selfSigned()];
    const port = await listen(createSecureServer({ cert: pair.certificate, key: pair.key }));
    const address = `https://127.0.0.1:${port}`;
    const [caFile, tokenFile] = [join(directory, 'ca.crt'), join(directory, 'token')];
    await writeFile(caFile, other.certificate);
    await writeFile(tokenFile, 'secret\n');
    const entry = { host: '127.0.0.1', port, caFile, tokenFile };
    assert.equal(await reason(ask(address, [entry])), 'PredictorUnreachable');
    assert.equal(seen.length, 0);
    await writeFile(caFile, pair.certificate);
    assert.equal((await ask(address, [entry])).status, 200);
    assert.deepEqual(
      seen.map(({ headers }) => headers.authorization),
      ['Bearer secret'],
    );
  });

  it('follows no redirect', async () => {
    const [{ address, entry }, elsewhere] = [await startPredictor(), await startPredictor()];
    answer = response => response.writeHead(307, { location: elsewhere.address }).end();
    assert.equal((await ask(address, [entry, elsewhere.entry])).status, 307);
    assert.equal(seen.length, 1);
  });

  it('reads no more of an answer than one can be', async () => {
    const { address, entry } = await startPredictor();
    answer = response => response.end('x'.repeat(1_000_000));
    assert.equal(await reason(ask(address, [entry])), 'PredictorAnswerInvalid');
  });

  it('gives up when it is told to', async () => {
    const { address, entry } = await startPredictor();
    const stop = new AbortController();
    answer = () => stop.abort();
    assert.equal(await reason(ask(address, [entry], stop.signal)), 'PredictorUnreachable');
  });
});
