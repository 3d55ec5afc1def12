import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/**
 * Body and answer of `POST …/sockets/<cluster id>/credential`: an agent proves that it holds the cluster's key and
 * gets a token for the parent.
 */
export interface SocketCredential {
  readonly apiVersion: 'proxies.clusternet.io/v1alpha1';
  readonly kind: 'SocketCredential';
  readonly spec: SocketCredentialSpec;
  readonly status?: SocketCredentialStatus;
}

export interface SocketCredentialSpec {
  /** P-256 public key, SPKI DER in base64. */
  readonly publicKey: string;
  /** RFC 3339; at most five minutes off the hub's clock. */
  readonly timestamp: string;
  /** At least 16 random bytes in base64url; the hub refuses one it has seen. */
  readonly nonce: string;
  /** ECDSA with SHA-256 over credentialPayload, the two numbers one after the other (IEEE P1363), in base64. */
  readonly signature: string;
}

export interface SocketCredentialStatus {
  readonly token: string;
  readonly expirationTimestamp: string;
  /** The cluster's dedicated namespace. */
  readonly namespace: string;
  readonly managedClusterName: string;
  /** PEM certificates of the parent's API server. */
  readonly caBundle: string;
}

/** What the signature is bound to, so that it is worth nothing for another cluster or another registration. */
export interface CredentialSubject {
  readonly clusterId: string;
  /** UID of the ClusterRegistrationRequest. */
  readonly crrUid: string;
}

const clockSkewMs = 5 * 60_000;
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** The exact text that is signed. */
export function credentialPayload(
  subject: CredentialSubject,
  spec: Pick<SocketCredentialSpec, 'timestamp' | 'nonce'>,
): string {
  return [
    'clusternet-credential-v1',
    subject.clusterId,
    subject.crrUid,
    spec.timestamp,
    spec.nonce,
  ].join('\n');
}

/** Signs a fresh request; `nonce` must never be used again. */
export function signCredential(
  privateKey: KeyObject,
  subject: CredentialSubject,
  nonce: Uint8Array,
  now: Date,
): SocketCredential {
  const spec = {
    publicKey: publicKeyText(privateKey),
    timestamp: now.toISOString(),
    nonce: Buffer.from(nonce).toString('base64url'),
  };
  const payload = Buffer.from(credentialPayload(subject, spec));
  const signature = sign('sha256', payload, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return {
    apiVersion: 'proxies.clusternet.io/v1alpha1',
    kind: 'SocketCredential',
    spec: { ...spec, signature: signature.toString('base64') },
  };
}

/** What `spec.publicKey` of a request and of a ClusterRegistrationRequest hold. */
export function publicKeyText(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
}

/** Everything wrong with a request's form, one sentence per field; says nothing of whether the signature fits. */
export function validateCredential(body: unknown, now: Date): string[] {
  const spec = fieldOf(body, 'spec');
  if (typeof spec !== 'object' || spec === null) return ['spec: is required and must be an object'];
  return [
    ...validateKind(body),
    ...validatePublicKey(fieldOf(spec, 'publicKey')),
    ...validateTimestamp(fieldOf(spec, 'timestamp'), now),
    ...validateNonce(fieldOf(spec, 'nonce')),
    ...validateSignature(fieldOf(spec, 'signature')),
  ];
}

/** True when the holder of `spec.publicKey` signed this very request for this subject; never throws. */
export function isCredentialSigned(
  spec: SocketCredentialSpec,
  subject: CredentialSubject,
): boolean {
  const key = readPublicKey(spec.publicKey);
  if (key === undefined) return false;
  const payload = Buffer.from(credentialPayload(subject, spec));
  const signature = Buffer.from(spec.signature, 'base64');
  return verify('sha256', payload, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

/** True when two key texts are the same key, however they are padded or wrapped. */
export function isSamePublicKey(a: string, b: string): boolean {
  const [left, right] = [readPublicKey(a), readPublicKey(b)];
  return left !== undefined && right !== undefined && left.equals(right);
}

function validateKind(body: unknown): string[] {
  const kind = fieldOf(body, 'kind');
  return kind === 'SocketCredential' ? [] : [`kind: must be SocketCredential, is ${show(kind)}`];
}

function validatePublicKey(value: unknown): string[] {
  if (typeof value === 'string' && readPublicKey(value) !== undefined) return [];
  return ['spec.publicKey: must be a P-256 public key, SPKI DER in base64'];
}

function validateTimestamp(value: unknown, now: Date): string[] {
  if (typeof value !== 'string' || !rfc3339.test(value) || Number.isNaN(Date.parse(value))) {
    return [`spec.timestamp: must be an RFC 3339 time, is ${show(value)}`];
  }
  if (Math.abs(Date.parse(value) - now.getTime()) <= clockSkewMs) return [];
  const hubTime = now.toISOString();
  return [
    `spec.timestamp: ${value} is more than 5 minutes off the hub's clock (${hubTime}); set the child's clock right`,
  ];
}

function validateNonce(value: unknown): string[] {
  const wellFormed = typeof value === 'string' && /^[A-Za-z0-9_-]{22,128}$/.test(value);
  return wellFormed ? [] : ['spec.nonce: must be 16 to 96 random bytes in base64url'];
}

function validateSignature(value: unknown): string[] {
  const wellFormed = typeof value === 'string' && Buffer.from(value, 'base64').length === 64;
  return wellFormed ? [] : ['spec.signature: must be 64 bytes (IEEE P1363) in base64'];
}

function readPublicKey(value: string): KeyObject | undefined {
  try {
    const der = Buffer.from(value, 'base64');
    const key = createPublicKey({ key: der, type: 'spki', format: 'der' });
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : undefined;
  } catch {
    return undefined;
  }
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

function show(value: unknown): string {
  return value === undefined ? 'missing' : String(JSON.stringify(value)).slice(0, 60);
}
