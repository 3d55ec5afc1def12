import assert from 'node:assert/strict';
import { builtin } from '../../../kube/builtin.ts';
import { KubeClient } from '../../../kube/client.ts';
import { startFakeApiServer } from '../../../test/fake-api-server.ts';
import type { Pod } from './pod.ts';
import { sourcesOf } from './pod-sources.ts';

const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop', uid: 'u' },
  spec: { containers: [], serviceAccountName: 'seller' },
};

describe('sourcesOf', () => {
  const signal = AbortSignal.timeout(5000);
  let server: Awaited<ReturnType<typeof startFakeApiServer>>;
  let client: KubeClient;
  before(async () => {
    server = await startFakeApiServer();
    client = new KubeClient(server.access());
  });
  after(() => server.close());

  it('reads Secrets decoded and ConfigMaps as they are, in the pod’s namespace', async () => {
    const metadata = { name: 'settings', namespace: 'shop' };
    const data = { word: Buffer.from('geheim').toString('base64') };
    await client.create(
      builtin.secrets,
      { apiVersion: 'v1', kind: 'Secret', metadata, data },
      signal,
    );
    await client.create(
      builtin.configMaps,
      { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { a: 'b' } },
      signal,
    );
    const sources = sourcesOf(pod, client);
    assert.equal(String((await sources.secret('settings', signal))?.word), 'geheim');
    assert.equal(String((await sources.configMap('settings', signal))?.a), 'b');
    assert.equal(await sources.secret('none', signal), undefined);
  });

  it('asks for a token bound to the pod once, and again when it has aged', async () => {
    const asked: unknown[] = [];
    let lifeMs = 3_600_000;
    const issuing = {
      createSubresource: async (_: unknown, key: unknown, subresource: string, body: object) => {
        asked.push([key, subresource, (body as { spec: unknown }).spec]);
        const expirationTimestamp = new Date(Date.now() + lifeMs).toISOString();
        return { ...body, status: { token: `token ${asked.length}`, expirationTimestamp } };
      },
    } as unknown as KubeClient;
    const sources = sourcesOf(pod, issuing);
    const wish = { audience: 'parent', expirationSeconds: 600 };
    assert.equal(await sources.token(wish, signal), 'token 1');
    assert.equal(await sources.token(wish, signal), 'token 1');
    lifeMs = 0;
    assert.equal(await sources.token({}, signal), 'token 2');
    assert.equal(await sources.token({}, signal), 'token 3');
    assert.deepEqual(asked[0], [
      { namespace: 'shop', name: 'seller' },
      'token',
      {
        audiences: ['parent'],
        expirationSeconds: 600,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: 'u' },
      },
    ]);
  });
});
