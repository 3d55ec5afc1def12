import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { makeAuthority, makeLeaf, readPem } from '../certificates.ts';

/** PEM texts of a serving certificate and of the CA that signed it. */
export interface WebhookCertificate {
  readonly caCertificate: string;
  readonly certificate: string;
  readonly privateKey: string;
}

/** The certificate for a webhook Service, made on first use: whoever trusts its CA goes on doing so. */
export async function ensureWebhookCertificate(
  directory: string,
  service: { readonly namespace: string; readonly name: string },
): Promise<WebhookCertificate> {
  const ca = pair(directory, 'ca');
  const serving = pair(directory, 'serving');
  if (!existsSync(serving.certificate)) {
    const host = `${service.name}.${service.namespace}.svc`;
    await makeLeaf({
      pair: serving,
      issuer: await makeAuthority(ca, `${host} CA`),
      commonName: service.name,
      names: [host, `${host}.cluster.local`],
    });
  }
  const [caCertificate, certificate, privateKey] = await Promise.all(
    [ca.certificate, serving.certificate, serving.key].map(readPem),
  );
  return { caCertificate, certificate, privateKey } as WebhookCertificate;
}

function pair(directory: string, name: string) {
  return { certificate: join(directory, `${name}.crt`), key: join(directory, `${name}.key`) };
}
