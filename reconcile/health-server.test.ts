import assert from 'node:assert/strict';
import { Gauge, Registry } from 'prom-client';
import { request } from 'undici';
import { type HealthServer, startHealthServer } from './health-server.ts';

describe('health server', () => {
  let server: HealthServer;
  let live: string[] = [];
  let ready: string[] = [];
  const metrics = new Registry();
  new Gauge({ name: 'answers', help: 'To everything.', registers: [metrics] }).set(42);

  beforeEach(async () => {
    live = [];
    ready = [];
    server = await startHealthServer({
      address: '127.0.0.1',
      port: 0,
      live: () => live,
      ready: () => ready,
      metrics,
    });
  });

  afterEach(() => server.close());

  async function get(path: string): Promise<[number, string]> {
    const { statusCode, body } = await request(`http://127.0.0.1:${server.port}${path}`);
    return [statusCode, await body.text()];
  }

  it('says ok while nothing is wrong', async () => {
    for (const path of ['/healthz', '/livez', '/readyz?verbose']) {
      assert.deepEqual(await get(path), [200, 'ok\n']);
    }
  });

  it('is alive while it is not ready, and says what is missing', async () => {
    ready = ['caches are not synced'];
    assert.deepEqual(await get('/readyz'), [503, 'caches are not synced\n']);
    assert.deepEqual(await get('/livez'), [200, 'ok\n']);
  });

  it('is not ready either when it is not alive', async () => {
    live = ['a watch has ended for good'];
    for (const path of ['/healthz', '/livez', '/readyz']) {
      assert.deepEqual(await get(path), [503, 'a watch has ended for good\n']);
    }
  });

  it('serves the metrics and nothing else', async () => {
    assert.match((await get('/metrics'))[1], /^answers 42$/m);
    assert.equal((await get('/other'))[0], 404);
  });
});
