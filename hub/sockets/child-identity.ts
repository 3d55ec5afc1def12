import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { TlsIdentity } from '../../tunnel/heads.ts';
import { StatusError } from '../server/status-error.ts';

/** As whom a request reaches the child: nobody unless the caller brought a child credential. */
export interface ChildIdentity {
  /** Header names and values in turn. */
  readonly headers: readonly string[];
  readonly tls?: TlsIdentity;
}

const prefix = 'clusternet-';
const headerByExtra = new Map([
  ['impersonate-user', 'Impersonate-User'],
  ['impersonate-uid', 'Impersonate-Uid'],
  ['impersonate-group', 'Impersonate-Group'],
]);
const extraPrefix = 'impersonate-extra-';
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;
const extraKey = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;

/**
 * The child identity in a user's extra attributes: `clusternet-token`, or `clusternet-certificate` with
 * `clusternet-privatekey` (base64 of PEM), and `clusternet-impersonate-*`. Throws a StatusError that names the attribute.
 */
export function childIdentity(extra: Readonly<Record<string, readonly string[]>>): ChildIdentity {
  const headers: string[] = [];
  for (const [key, values] of Object.entries(extra)) {
    if (!key.startsWith(prefix)) continue;
    for (const [name, value] of headersOf(key.slice(prefix.length), values)) {
      if (!headerValue.test(value)) {
        throw new StatusError(400, `Extra ${key} has a character no header can carry.`);
      }
      headers.push(name, value);
    }
  }
  const tls = tlsIdentity(extra);
  return tls === undefined ? { headers } : { headers, tls };
}

function headersOf(name: string, values: readonly string[]): [string, string][] {
  if (name === 'certificate' || name === 'privatekey') return [];
  if (name === 'token') return values[0] ? [['Authorization', `Bearer ${values[0]}`]] : [];
  const header = headerByExtra.get(name) ?? impersonatedExtra(name);
  if (header === undefined) {
    throw new StatusError(
      400,
      `Extra clusternet-${name} is not known: token, certificate, privatekey and ` +
        'impersonate-{user,uid,group,extra-<key>} are.',
    );
  }
  return values.map(value => [header, value]);
}

function impersonatedExtra(name: string): string | undefined {
  const key = name.startsWith(extraPrefix) ? name.slice(extraPrefix.length) : '';
  // An escaped key stays one header name; the child decodes it again.
  const escaped = encodeURIComponent(key).toLowerCase();
  return extraKey.test(escaped) ? `Impersonate-Extra-${escaped}` : undefined;
}

function tlsIdentity(extra: Readonly<Record<string, readonly string[]>>): TlsIdentity | undefined {
  const certificate = extra[`${prefix}certificate`]?.[0];
  const key = extra[`${prefix}privatekey`]?.[0];
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined || key === undefined) {
    throw new StatusError(
      400,
      'Extras clusternet-certificate and clusternet-privatekey are only good together.',
    );
  }
  const identity = { certificate: decode(certificate), key: decode(key) };
  if (!belongTogether(identity)) {
    throw new StatusError(
      400,
      'Extras clusternet-certificate and clusternet-privatekey must be base64 of a PEM certificate and of its PEM private key.',
    );
  }
  return identity;
}

function decode(text: string): string {
  return Buffer.from(text, 'base64').toString('latin1');
}

function belongTogether({ certificate, key }: TlsIdentity): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}
