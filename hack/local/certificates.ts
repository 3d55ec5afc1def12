import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { writeFileAtomically } from './atomic-file.ts';

/** Paths of the PEM files of one cluster, as its servers want them in flags. */
export interface CertificateFiles {
  readonly ca: PemPair;
  readonly frontProxyCa: PemPair;
  readonly apiServer: PemPair;
  readonly frontProxyClient: PemPair;
  readonly kubeletClient: PemPair;
  readonly admin: PemPair;
  readonly controllerManager: PemPair;
  readonly scheduler: PemPair;
  readonly kwok: PemPair;
  /** The key pair that signs ServiceAccount tokens; `certificate` is its bare public key. */
  readonly serviceAccount: PemPair;
}

export interface PemPair {
  readonly certificate: string;
  readonly key: string;
}

interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

interface Leaf {
  readonly pair: PemPair;
  readonly issuer: Authority;
  readonly commonName: string;
  readonly organization?: string;
  readonly subjectAlternativeNames?: readonly x509.JsonGeneralName[];
}

const p256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const tenYearsMs = 10 * 365 * 24 * 3_600_000;

/**
 * The certificates of a cluster, made on first use: a CA and a front-proxy CA (P-256), and what they sign.
 * `addresses` are the ones the API server is reached at. A directory that was made completely is left as it is.
 */
export async function ensureCertificates(
  directory: string,
  clusterName: string,
  addresses: readonly string[],
): Promise<CertificateFiles> {
  const files = certificateFiles(directory);
  const complete = join(directory, 'complete');
  if (existsSync(complete)) return files;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const ca = await makeAuthority(files.ca, `kubernetes-${clusterName}`);
  const frontProxyCa = await makeAuthority(files.frontProxyCa, `front-proxy-${clusterName}`);
  await Promise.all([
    ...leaves(files, ca, frontProxyCa, addresses).map(makeLeaf),
    makeServiceAccountKeys(files.serviceAccount),
  ]);
  writeFileAtomically(complete, '');
  return files;
}

/** The text of a PEM file. */
export function readPem(path: string): Promise<string> {
  return readFile(path, 'utf8');
}

function certificateFiles(directory: string): CertificateFiles {
  const pair = (name: string): PemPair => ({
    certificate: join(directory, `${name}.crt`),
    key: join(directory, `${name}.key`),
  });
  return {
    ca: pair('ca'),
    frontProxyCa: pair('front-proxy-ca'),
    apiServer: pair('kube-apiserver'),
    frontProxyClient: pair('front-proxy-client'),
    kubeletClient: pair('kubelet-client'),
    admin: pair('admin'),
    controllerManager: pair('kube-controller-manager'),
    scheduler: pair('kube-scheduler'),
    kwok: pair('kwok'),
    serviceAccount: pair('service-account'),
  };
}

function leaves(
  files: CertificateFiles,
  ca: Authority,
  frontProxyCa: Authority,
  addresses: readonly string[],
): Leaf[] {
  const dnsNames = ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
  const client = (pair: PemPair, commonName: string, organization?: string): Leaf => ({
    pair,
    issuer: ca,
    commonName,
    ...(organization && { organization }),
  });
  return [
    {
      pair: files.apiServer,
      issuer: ca,
      commonName: 'kube-apiserver',
      subjectAlternativeNames: [
        ...[...dnsNames, 'kubernetes.default.svc.cluster.local'].map(
          value => ({ type: 'dns', value }) as const,
        ),
        ...addresses.map(value => ({ type: 'ip', value }) as const),
      ],
    },
    { pair: files.frontProxyClient, issuer: frontProxyCa, commonName: 'front-proxy-client' },
    client(files.admin, 'kubernetes-admin', 'system:masters'),
    client(files.kubeletClient, 'kube-apiserver-kubelet-client', 'system:masters'),
    client(files.controllerManager, 'system:kube-controller-manager'),
    client(files.scheduler, 'system:kube-scheduler'),
    // kwok plays many nodes at once, which no single node identity may do.
    client(files.kwok, 'kwok', 'system:masters'),
  ];
}

async function makeAuthority(pair: PemPair, commonName: string): Promise<Authority> {
  const keys = await makeKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [commonName] }],
    ...validity(),
    keys,
    signingAlgorithm: p256,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  await writePair(pair, certificate.toString('pem'), keys.privateKey);
  return { certificate, keys };
}

async function makeLeaf(leaf: Leaf): Promise<void> {
  const keys = await makeKeys();
  const serves = leaf.subjectAlternativeNames !== undefined;
  const certificate = await x509.X509CertificateGenerator.create({
    subject: [
      { CN: [leaf.commonName] },
      ...(leaf.organization ? [{ O: [leaf.organization] }] : []),
    ],
    issuer: leaf.issuer.certificate.subjectName,
    ...validity(),
    publicKey: keys.publicKey,
    signingKey: leaf.issuer.keys.privateKey,
    signingAlgorithm: p256,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        serves ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth,
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(leaf.issuer.keys.publicKey),
      ...(leaf.subjectAlternativeNames
        ? [new x509.SubjectAlternativeNameExtension([...leaf.subjectAlternativeNames])]
        : []),
    ],
  });
  await writePair(leaf.pair, certificate.toString('pem'), keys.privateKey);
}

async function makeServiceAccountKeys(pair: PemPair): Promise<void> {
  const keys = await makeKeys();
  const publicKey = await crypto.subtle.exportKey('spki', keys.publicKey);
  await writePair(pair, x509.PemConverter.encode(publicKey, 'PUBLIC KEY'), keys.privateKey);
}

async function writePair(pair: PemPair, certificate: string, key: CryptoKey): Promise<void> {
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', key);
  writeFileAtomically(pair.key, `${x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`);
  writeFileAtomically(pair.certificate, `${certificate}\n`);
}

async function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return (await crypto.subtle.generateKey(p256, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
}

function validity(): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - 60_000), notAfter: new Date(now + tenYearsMs) };
}
