import { X509Certificate } from 'node:crypto';
import type { Secret } from '../../kube/builtin-kinds.ts';
import { issueServing, makeAuthority, type PemPair } from './issue.ts';

/** All key material of the hub, as it lies in Secret clusternet-hub-tls. */
export interface CertificateSet {
  /** What the listener proves itself with. */
  readonly serving: PemPair;
  /** The authority that signs serving certificates now. */
  readonly issuer: PemPair;
  /** The authority that will sign next: published before it is used, so that every API server trusts it in time. */
  readonly nextIssuer?: PemPair;
  /** The authority that signed before: published until serving certificates signed by it are gone everywhere. */
  readonly formerIssuer?: string;
}

/** PEM bundle of every authority a client of the hub should trust. */
export function trustBundle({ issuer, nextIssuer, formerIssuer }: CertificateSet): string {
  return [issuer.certificate, nextIssuer?.certificate, formerIssuer].filter(Boolean).join('');
}

export async function makeCertificateSet(
  dnsNames: readonly string[],
  now: Date,
): Promise<CertificateSet> {
  const issuer = await makeAuthority(now);
  return { issuer, serving: await issueServing(issuer, dnsNames, now) };
}

export type RotationStep =
  | 'none'
  | 'issue-serving'
  | 'prepare-issuer'
  | 'promote-issuer'
  | 'drop-former-issuer';

/** How long a new authority is published before it signs: API servers must have seen the new bundle by then. */
const overlapMs = 3_600_000;

/** The next step of rotation: certificates are renewed when a third of their life is left, one step at a time. */
export function rotationStep(
  set: CertificateSet,
  dnsNames: readonly string[],
  now: Date,
): RotationStep {
  const serving = new X509Certificate(set.serving.certificate);
  const issuer = new X509Certificate(set.issuer.certificate);
  const signed = serving.checkIssued(issuer) && serving.verify(issuer.publicKey);
  if (!signed || !covers(serving, dnsNames) || isAged(serving, now)) return 'issue-serving';
  if (set.nextIssuer !== undefined) {
    const since = new X509Certificate(set.nextIssuer.certificate).validFromDate;
    return now.getTime() - since.getTime() >= overlapMs ? 'promote-issuer' : 'none';
  }
  if (isAged(issuer, now)) return 'prepare-issuer';
  const formerIsDone =
    set.formerIssuer !== undefined && now.getTime() - serving.validFromDate.getTime() >= overlapMs;
  return formerIsDone ? 'drop-former-issuer' : 'none';
}

/** Takes one step; the result is to be stored before the next is planned. */
export async function rotate(
  set: CertificateSet,
  step: Exclude<RotationStep, 'none'>,
  dnsNames: readonly string[],
  now: Date,
): Promise<CertificateSet> {
  switch (step) {
    case 'issue-serving':
      return { ...set, serving: await issueServing(set.issuer, dnsNames, now) };
    case 'prepare-issuer':
      return { ...set, nextIssuer: await makeAuthority(now) };
    case 'promote-issuer': {
      const { nextIssuer, issuer } = set;
      if (nextIssuer === undefined) return set;
      const serving = await issueServing(nextIssuer, dnsNames, now);
      return { issuer: nextIssuer, serving, formerIssuer: issuer.certificate };
    }
    case 'drop-former-issuer':
      return { issuer: set.issuer, serving: set.serving };
  }
}

function isAged(certificate: X509Certificate, now: Date): boolean {
  const from = certificate.validFromDate.getTime();
  const to = certificate.validToDate.getTime();
  return to - now.getTime() < (to - from) / 3;
}

function covers(certificate: X509Certificate, dnsNames: readonly string[]): boolean {
  return dnsNames.every(name => certificate.checkHost(name) !== undefined);
}

/** As Secret data (base64). `ca.crt` repeats the trust bundle for people and scripts. */
export function toSecretData(set: CertificateSet): Record<string, string> {
  const texts: Record<string, string | undefined> = {
    'tls.crt': set.serving.certificate,
    'tls.key': set.serving.key,
    'issuer.crt': set.issuer.certificate,
    'issuer.key': set.issuer.key,
    'next-issuer.crt': set.nextIssuer?.certificate,
    'next-issuer.key': set.nextIssuer?.key,
    'former-issuer.crt': set.formerIssuer,
    'ca.crt': trustBundle(set),
  };
  return Object.fromEntries(
    Object.entries(texts).flatMap(([key, text]) =>
      text === undefined ? [] : [[key, Buffer.from(text).toString('base64')]],
    ),
  );
}

/** The set a Secret holds; undefined when it is incomplete or not readable as certificates and keys. */
export function fromSecret(secret: Secret | undefined): CertificateSet | undefined {
  const serving = pairIn(secret, 'tls');
  const issuer = pairIn(secret, 'issuer');
  if (serving === undefined || issuer === undefined) return undefined;
  const nextIssuer = pairIn(secret, 'next-issuer');
  const formerIssuer = textIn(secret, 'former-issuer.crt');
  const set: CertificateSet = {
    serving,
    issuer,
    ...(nextIssuer === undefined ? {} : { nextIssuer }),
    ...(formerIssuer === undefined ? {} : { formerIssuer }),
  };
  try {
    for (const { certificate } of [serving, issuer, ...(nextIssuer ? [nextIssuer] : [])]) {
      new X509Certificate(certificate);
    }
    return set;
  } catch {
    return undefined;
  }
}

function pairIn(secret: Secret | undefined, name: string): PemPair | undefined {
  const certificate = textIn(secret, `${name}.crt`);
  const key = textIn(secret, `${name}.key`);
  return certificate === undefined || key === undefined ? undefined : { certificate, key };
}

function textIn(secret: Secret | undefined, key: string): string | undefined {
  const value = secret?.data?.[key];
  return value === undefined ? undefined : Buffer.from(value, 'base64').toString('utf8');
}
