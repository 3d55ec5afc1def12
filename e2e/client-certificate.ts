import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { eventually } from '../test/eventually.ts';
import type { Caller } from './child-kubeconfig.ts';
import type { TestBed } from './test-bed.ts';

const p256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** Has the parent sign a client certificate for a user of this name, the way a new colleague gets one. */
export async function clientCertificate(bed: TestBed, user: string): Promise<Caller> {
  const keys = await webcrypto.subtle.generateKey(p256, true, ['sign', 'verify']);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [user] }],
    keys,
    signingAlgorithm: p256,
  });
  const object = {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: user },
    spec: {
      request: base64(request.toString('pem')),
      signerName: 'kubernetes.io/kube-apiserver-client',
      usages: ['client auth'],
      expirationSeconds: 3600,
    },
  };
  await bed.kubectl(['delete', 'csr', user, '--ignore-not-found']);
  await bed.kubectl(['create', '-f', '-'], { input: JSON.stringify(object) });
  await bed.kubectl(['certificate', 'approve', user]);
  const certificate = await eventually(
    async () => {
      const issued = ['get', 'csr', user, '-o', 'jsonpath={.status.certificate}'];
      return (await bed.kubectl(issued)) || undefined;
    },
    { withinMs: 20_000, describe: 'the certificate is issued' },
  );
  await bed.kubectl(['delete', 'csr', user]);
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  const key = x509.PemConverter.encode(pkcs8, 'PRIVATE KEY');
  return { 'client-certificate-data': certificate, 'client-key-data': base64(key) };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
