import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accessInCluster } from './in-cluster-access.ts';

describe('accessInCluster', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'clusternet-service-account-'));
  });
  after(() => rm(folder, { recursive: true }));
  beforeEach(() => {
    process.env.KUBERNETES_SERVICE_HOST = 'fd00::1';
  });
  afterEach(() => {
    delete process.env.KUBERNETES_SERVICE_HOST;
  });

  it('says so when the pod has no token', () => {
    assert.throws(() => accessInCluster(join(folder, 'nothing')), {
      code: 'CN_KUBE_SERVICE_ACCOUNT',
    });
  });

  it('reads the token again when it may have been replaced', async () => {
    let now = 0;
    await writeFile(join(folder, 'ca.crt'), 'a certificate');
    await writeFile(join(folder, 'token'), 'first\n');
    const access = accessInCluster(folder, () => now);
    assert.equal(access.server.host, '[fd00::1]');
    assert.equal(await access.authorization(), 'Bearer first');
    await writeFile(join(folder, 'token'), 'second\n');
    assert.equal(await access.authorization(), 'Bearer first');
    now = 10_000;
    assert.equal(await access.authorization(), 'Bearer second');
    await access.close();
  });
});
