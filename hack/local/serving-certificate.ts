import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { makeAuthority, makeLeaf, readPem } from './certificates.ts';

/** PEM texts of a serving certificate and of the CA that signed it. */
export interface ServingCertificate {
  readonly caCertificate: string;
  readonly certificate: string;
  readonly privateKey: string;
}

/** Who is served under a certificate. */
export interface ServerIdentity {
  readonly commonName: string;
  readonly names?: readonly string[];
  readonly addresses?: readonly string[];
}

/** A certificate with a CA of its own, made on first use: whoever trusts its CA goes on doing so. */
export async function ensureServingCertificate(
  directory: string,
  server: ServerIdentity,
): Promise<ServingCertificate> {
  const ca = pair(directory, 'ca');
  const serving = pair(directory, 'serving');
  if (!existsSync(serving.certificate)) {
    const issuer = await makeAuthority(ca, `${server.commonName} CA`);
    await makeLeaf({ pair: serving, issuer, ...server });
  }
  return {
    caCertificate: await readPem(ca.certificate),
    certificate: await readPem(serving.certificate),
    privateKey: await readPem(serving.key),
  };
}

function pair(directory: string, name: string) {
  return { certificate: join(directory, `${name}.crt`), key: join(directory, `${name}.key`) };
}
