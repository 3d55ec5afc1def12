import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Service } from '../../../kube/builtin-kinds.ts';
import { eventually } from '../../../test/eventually.ts';
import { type Backend, backendsOf, listenPoints, ServiceSplices } from './service-splices.ts';

const backend: Backend = {
  namespace: 'shop',
  labels: { app: 'web', tier: 'front' },
  ready: true,
  endpoint: () => undefined,
};

function service(spec: Service['spec'], namespace = 'shop'): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's', namespace },
    spec: spec ?? {},
  };
}

describe('backendsOf', () => {
  const selects = (selector: Record<string, string>, change: Partial<Backend> = {}) =>
    backendsOf(service({ selector }), [{ ...backend, ...change }]).length === 1;

  it('selects ready pods of its namespace by all its labels', () => {
    assert.ok(selects({ app: 'web' }));
    assert.ok(!selects({ app: 'web', tier: 'back' }));
    assert.ok(!selects({ app: 'web' }, { ready: false }));
    assert.ok(!selects({ app: 'web' }, { namespace: 'other' }));
  });

  it('selects nothing without a selector', () => {
    assert.ok(!selects({}));
  });
});

describe('listenPoints', () => {
  const ports = [{ port: 443, targetPort: 'https' }, { port: 80 }, { port: 53, protocol: 'UDP' }];

  it('are the TCP ports, with the port itself as target unless one is given', () => {
    const points = listenPoints(service({ clusterIP: '127.64.9.9', ports }));
    assert.deepEqual(
      points.map(({ key, target }) => [key, target]),
      [
        ['127.64.9.9:443', 'https'],
        ['127.64.9.9:80', 80],
      ],
    );
  });

  it('are none for a headless Service, and none outside loopback', () => {
    assert.deepEqual(listenPoints(service({ clusterIP: 'None', ports })), []);
    assert.deepEqual(listenPoints(service({ clusterIP: '10.96.0.1', ports })), []);
  });
});

describe('ServiceSplices', () => {
  const clusterIP = '127.63.0.77';
  const splices = new ServiceSplices(message => assert.fail(message));
  let echo: Server;
  let port: number;
  let target: number;

  before(async () => {
    echo = createServer({ allowHalfOpen: true }, socket => socket.pipe(socket)).listen(
      0,
      '127.0.0.1',
    );
    await once(echo, 'listening');
    target = (echo.address() as AddressInfo).port;
    const free = createServer().listen(0, clusterIP);
    await once(free, 'listening');
    port = (free.address() as AddressInfo).port;
    free.close();
  });
  after(() => {
    splices.close();
    echo.close();
  });

  const services = () => [
    service({ clusterIP, selector: { app: 'web' }, ports: [{ port, targetPort: 8080 }] }),
  ];
  const pod = (change: Partial<Backend> = {}): Backend => ({
    ...backend,
    endpoint: asked => (asked === 8080 ? { address: '127.0.0.1', port: target } : undefined),
    ...change,
  });

  function isOpen(): Promise<boolean> {
    return new Promise(resolve => {
      const socket = connect({ host: clusterIP, port });
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
  }

  it('passes bytes both ways, and the end of each direction by itself', async () => {
    splices.update(services(), [pod()]);
    await eventually(isOpen, { describe: 'the service listens' });
    const socket = connect({ host: clusterIP, port, allowHalfOpen: true });
    const message = 'x'.repeat(300_000);
    socket.end(message);
    assert.equal(await text(socket), message);
  });

  it('listens only while a pod is ready', async () => {
    splices.update(services(), [pod({ ready: false })]);
    await eventually(async () => !(await isOpen()), { describe: 'nobody listens' });
    splices.update(services(), [pod()]);
    await eventually(isOpen, { describe: 'the service listens again' });
  });

  it('closes a connection whose pod does not answer', async () => {
    const dead = pod({ endpoint: () => ({ address: '127.0.0.1', port: 1 }) });
    splices.update(services(), [dead]);
    const socket = connect({ host: clusterIP, port });
    socket.on('error', () => {});
    await once(socket, 'close');
  });
});
