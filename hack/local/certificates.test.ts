import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CertificateFiles, ensureCertificates, type PemPair } from './certificates.ts';

describe('the certificates of a cluster', () => {
  const addresses = { apiServer: ['127.64.0.1'], etcd: ['127.64.0.2'] };
  let directory: string;
  let files: CertificateFiles;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'certificates-'));
    files = await ensureCertificates(directory, 'alpha', addresses);
  });
  after(() => rm(directory, { recursive: true }));

  const read = async (pair: PemPair) => new X509Certificate(await readFile(pair.certificate));

  it('each come from the CA that their verifiers trust', async () => {
    const signedBy: [PemPair, PemPair][] = [
      [files.apiServer, files.ca],
      [files.admin, files.ca],
      [files.kwok, files.ca],
      [files.frontProxyClient, files.frontProxyCa],
      [files.etcd, files.etcdCa],
      [files.etcdClient, files.etcdCa],
    ];
    for (const [leaf, authority] of signedBy) {
      const ca = await read(authority);
      const certificate = await read(leaf);
      assert.ok(ca.ca && !certificate.ca);
      assert.ok(certificate.verify(ca.publicKey), leaf.certificate);
      assert.ok(certificate.checkPrivateKey(createPrivateKey(await readFile(leaf.key))));
    }
  });

  it('name the servers by the addresses they bind and the names of the Service', async () => {
    const server = await read(files.apiServer);
    assert.equal(server.checkIP('127.64.0.1'), '127.64.0.1');
    assert.equal(server.checkHost('kubernetes.default.svc'), 'kubernetes.default.svc');
    assert.equal(server.checkIP('127.65.0.1'), undefined);
    assert.equal((await read(files.etcd)).checkIP('127.64.0.2'), '127.64.0.2');
  });

  it('make only the administrator and those who act for many a master', async () => {
    const subjects = {
      admin: true,
      kubeletClient: true,
      kwok: true,
      controllerManager: false,
      scheduler: false,
    };
    for (const [name, master] of Object.entries(subjects)) {
      const { subject } = await read(files[name as keyof typeof subjects]);
      assert.equal(subject.includes('O=system:masters'), master, name);
    }
  });

  it('come with keys that only their owner reads', async () => {
    assert.equal((await stat(files.ca.key)).mode & 0o777, 0o600);
    const publicKey = createPublicKey(await readFile(files.serviceAccount.certificate));
    assert.deepEqual(
      publicKey.export({ format: 'jwk' }),
      createPublicKey(await readFile(files.serviceAccount.key)).export({ format: 'jwk' }),
    );
  });

  it('are made once', async () => {
    const before = await readFile(files.ca.certificate, 'utf8');
    await ensureCertificates(directory, 'alpha', addresses);
    assert.equal(await readFile(files.ca.certificate, 'utf8'), before);
  });
});
