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
  readonly etcdCa: PemPair;
  readonly etcd: PemPair;
  readonly etcdClient: PemPair;
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
  /** Of a server; a certificate with neither names nor addresses is a client's. */
  readonly names?: readonly string[];
  readonly addresses?: readonly string[];
}

interface Authorities {
  readonly ca: Authority;
  readonly frontProxyCa: Authority;
  readonly etcdCa: Authority;
}

const p256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const tenYearsMs = 10 * 365 * 24 * 3_600_000;

/**
 * The certificates of a cluster, made on first use: CAs (P-256) for the cluster, its front proxy and its etcd, and what they
 * sign. `addresses` are those that its servers bind. A directory that was made completely is left as it is.
 */
export async function ensureCertificates(
  directory: string,
  clusterName: string,
  addresses: { readonly apiServer: readonly string[]; readonly etcd: readonly string[] },
): Promise<CertificateFiles> {
  const files = certificateFiles(directory);
  const complete = join(directory, 'complete');
  if (existsSync(complete)) return files;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const authorities = {
    ca: await makeAuthority(files.ca, `kubernetes-${clusterName}`),
    frontProxyCa: await makeAuthority(files.frontProxyCa, `front-proxy-${clusterName}`),
    etcdCa: await makeAuthority(files.etcdCa, `etcd-${clusterName}`),
  };
  await Promise.all([
    ...serverLeaves(files, authorities, addresses).map(makeLeaf),
    ...clientLeaves(files, authorities).map(makeLeaf),
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
    etcdCa: pair('etcd-ca'),
    etcd: pair('etcd'),
    etcdClient: pair('etcd-client'),
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

function serverLeaves(
  files: CertificateFiles,
  { ca, etcdCa }: Authorities,
  addresses: { readonly apiServer: readonly string[]; readonly etcd: readonly string[] },
): Leaf[] {
  const service = 'kubernetes.default.svc';
  return [
    {
      pair: files.apiServer,
      issuer: ca,
      commonName: 'kube-apiserver',
      names: ['localhost', 'kubernetes', 'kubernetes.default', service, `${service}.cluster.local`],
      addresses: addresses.apiServer,
    },
    { pair: files.etcd, issuer: etcdCa, commonName: 'etcd', addresses: addresses.etcd },
  ];
}

function clientLeaves(files: CertificateFiles, { ca, frontProxyCa, etcdCa }: Authorities): Leaf[] {
  const masters = 'system:masters';
  return [
    { pair: files.etcdClient, issuer: etcdCa, commonName: 'kube-apiserver' },
    { pair: files.frontProxyClient, issuer: frontProxyCa, commonName: 'front-proxy-client' },
    {
      pair: files.kubeletClient,
      issuer: ca,
      commonName: 'kube-apiserver-kubelet-client',
      organization: masters,
    },
    { pair: files.admin, issuer: ca, commonName: 'kubernetes-admin', organization: masters },
    {
      pair: files.controllerManager,
      issuer: ca,
      commonName: 'system:kube-controller-manager',
    },
    { pair: files.scheduler, issuer: ca, commonName: 'system:kube-scheduler' },
    // kwok plays many nodes at once, which no single node's identity may do.
    { pair: files.kwok, issuer: ca, commonName: 'kwok', organization: masters },
  ];
}

/** Makes a CA and writes its files. */
export async function makeAuthority(pair: PemPair, commonName: string): Promise<Authority> {
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

/** Makes a certificate with its key and writes their files. */
export async function makeLeaf(leaf: Leaf): Promise<void> {
  const keys = await makeKeys();
  const names = [
    ...(leaf.names ?? []).map(value => ({ type: 'dns', value }) as const),
    ...(leaf.addresses ?? []).map(value => ({ type: 'ip', value }) as const),
  ];
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
      // etcd's server also calls itself, so servers may be clients.
      new x509.ExtendedKeyUsageExtension([
        ...(names.length > 0 ? [x509.ExtendedKeyUsage.serverAuth] : []),
        x509.ExtendedKeyUsage.clientAuth,
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(leaf.issuer.keys.publicKey),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
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
