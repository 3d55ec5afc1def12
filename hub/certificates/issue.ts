import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** A certificate and its private key (PKCS#8), both PEM. */
export interface PemPair {
  readonly certificate: string;
  readonly key: string;
}

const p256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 24 * 3_600_000;
/** Clocks of the parent's API servers may be a little behind ours. */
const backdateMs = 5 * 60_000;

/** A new certificate authority of the hub's own, for three years. */
export async function makeAuthority(now: Date): Promise<PemPair> {
  const keys = await makeKeys();
  const serial = serialNumber();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial,
    // The serial in the name keeps two authorities of a rotation apart in every verifier.
    name: [{ CN: [`clusternet-hub-${serial.slice(0, 8)}`] }],
    ...validity(now, 3 * 365),
    keys,
    signingAlgorithm: p256,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return pemPair(certificate, keys.privateKey);
}

/** A serving certificate for the given DNS names, signed by `authority`, for ninety days. */
export async function issueServing(
  authority: PemPair,
  dnsNames: readonly string[],
  now: Date,
): Promise<PemPair> {
  const keys = await makeKeys();
  const issuer = new x509.X509Certificate(authority.certificate);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: [dnsNames[0] ?? 'clusternet-hub'] }],
    issuer: issuer.subjectName,
    ...validity(now, 90),
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.key),
    signingAlgorithm: p256,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      new x509.SubjectAlternativeNameExtension(
        dnsNames.map(value => ({ type: 'dns', value }) as const),
      ),
    ],
  });
  return pemPair(certificate, keys.privateKey);
}

function validity(now: Date, days: number): { notBefore: Date; notAfter: Date } {
  const start = now.getTime() - backdateMs;
  return { notBefore: new Date(start), notAfter: new Date(start + days * dayMs) };
}

function serialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  // A serial is a positive number: its highest bit is clear and its first byte is not zero.
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}

async function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  const keys = await crypto.subtle.generateKey(p256, true, ['sign', 'verify']);
  return keys as webcrypto.CryptoKeyPair;
}

function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const [pkcs8 = new ArrayBuffer(0)] = x509.PemConverter.decode(pem);
  return crypto.subtle.importKey('pkcs8', pkcs8, p256, false, ['sign']);
}

async function pemPair(certificate: x509.X509Certificate, key: webcrypto.CryptoKey) {
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', key);
  return {
    certificate: `${certificate.toString('pem')}\n`,
    key: `${x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`,
  };
}
