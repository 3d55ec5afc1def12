import { X509Certificate } from 'node:crypto';

/** How the parent's API server proves itself to us and in which headers it names the user. */
export interface FrontProxyConfig {
  /** PEM bundle that signs the front proxy's client certificate. */
  readonly clientCA: string;
  /** Common names that may speak for users; empty accepts every certificate of `clientCA`. */
  readonly allowedNames: readonly string[];
  readonly usernameHeaders: readonly string[];
  readonly uidHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  readonly extraHeaderPrefixes: readonly string[];
}

export type FrontProxyVerdict =
  | { readonly trusted: true; readonly config: FrontProxyConfig }
  | { readonly trusted: false; readonly reason: string };

/** Reads ConfigMap kube-system/extension-apiserver-authentication, the place where a kube-apiserver publishes this. */
export function readFrontProxyConfig(
  data: Readonly<Record<string, string>> | undefined,
): FrontProxyVerdict {
  const clientCA = data?.['requestheader-client-ca-file'];
  if (data === undefined || clientCA === undefined || clientCA.trim() === '') {
    return refused('it has no requestheader-client-ca-file: aggregation is not configured');
  }
  const lists = readLists(data);
  if (typeof lists === 'string') return refused(lists);
  if (lists.usernameHeaders.length === 0) return refused('requestheader-username-headers is empty');
  if (lists.allowedNames.length === 0 && sharesAuthority(clientCA, data['client-ca-file'])) {
    return refused(
      'requestheader-allowed-names is empty and the requestheader CA also signs ordinary clients, ' +
        'so that any client could speak for any user; start kube-apiserver with --requestheader-allowed-names',
    );
  }
  return { trusted: true, config: { clientCA, ...lists } };
}

function refused(why: string): FrontProxyVerdict {
  return {
    trusted: false,
    reason: `ConfigMap kube-system/extension-apiserver-authentication cannot be used: ${why}.`,
  };
}

function readLists(
  data: Readonly<Record<string, string>>,
): Omit<FrontProxyConfig, 'clientCA'> | string {
  const broken: string[] = [];
  const list = (key: string): readonly string[] => {
    const value = parseList(data[key] ?? '[]');
    if (value === undefined) broken.push(key);
    return value ?? [];
  };
  const lists = {
    allowedNames: list('requestheader-allowed-names'),
    usernameHeaders: list('requestheader-username-headers'),
    uidHeaders: list('requestheader-uid-headers'),
    groupHeaders: list('requestheader-group-headers'),
    extraHeaderPrefixes: list('requestheader-extra-headers-prefix'),
  };
  return broken.length === 0 ? lists : `${broken.join(', ')} is not a JSON list of strings`;
}

function parseList(text: string): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every(item => typeof item === 'string')
      ? value
      : undefined;
  } catch {
    return undefined;
  }
}

function sharesAuthority(frontProxyCA: string, ordinaryCA: string | undefined): boolean {
  if (ordinaryCA === undefined) return false;
  const ordinary = new Set(certificatesOf(ordinaryCA).map(c => keyOf(c)));
  return certificatesOf(frontProxyCA).some(c => ordinary.has(keyOf(c)));
}

function keyOf(certificate: X509Certificate): string {
  return certificate.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
}

/** The certificates of a PEM bundle, in order; text around them is ignored. */
export function certificatesOf(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map(block => new X509Certificate(block));
}
