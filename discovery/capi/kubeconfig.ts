import { parse } from 'yaml';
import { listAt, textAt, valueAt } from './fields.ts';

/** A kubeconfig reduced to what was checked of it: one verified server, and one way to prove who we are. Certificates and keys are PEM. */
export interface AcceptedKubeconfig {
  readonly server: string;
  readonly ca: string;
  /** The name the server's certificate must be valid for, when it is not the one in the URL. */
  readonly serverName?: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly token?: string;
}

export type KubeconfigVerdict =
  | { readonly accepted: AcceptedKubeconfig }
  | {
      readonly accepted?: never;
      readonly reason: 'SecretInvalid' | 'ExecNotAllowed';
      readonly message: string;
    };

const maxBytes = 256 * 1024;

/** What a cluster or a user entry may hold; everything else changes how we connect or who we are, and is refused. */
const clusterFields = ['server', 'certificate-authority-data', 'tls-server-name', 'extensions'];
const userFields = ['client-certificate-data', 'client-key-data', 'token', 'extensions'];

/** Fields people meet, with what to do about them. */
const remedies: Readonly<Record<string, string>> = {
  exec: 'it would run a program here; use a client certificate or a token',
  'auth-provider': 'it would run code here; use a client certificate or a token',
  'certificate-authority': 'it would read a file here; embed it as certificate-authority-data',
  'client-certificate': 'it would read a file here; embed it as client-certificate-data',
  'client-key': 'it would read a file here; embed it as client-key-data',
  tokenFile: 'it would read a file here; embed it as token',
  'insecure-skip-tls-verify': 'the server must be verified; give certificate-authority-data',
  'proxy-url': 'a proxy towards the cluster is not supported',
};

/** Reads the kubeconfig of a workload cluster and refuses whatever could read a file, run a program or skip a check. Never throws; messages hold no secret. */
export function readKubeconfig(text: string): KubeconfigVerdict {
  if (Buffer.byteLength(text) > maxBytes) return refuse(`it is larger than ${maxBytes} bytes`);
  let document: unknown;
  try {
    document = parse(text, { maxAliasCount: 0, logLevel: 'error' });
  } catch {
    return refuse('it is not valid YAML');
  }
  if (valueAt(document, 'kind') !== 'Config')
    return refuse('field kind must be Config: it is no kubeconfig');
  const current = textAt(document, 'current-context');
  if (current === undefined) return refuse('field current-context is missing');
  const context = entryNamed(document, 'contexts', 'context', current);
  if (context === undefined)
    return refuse(`contexts has no entry ${quoted(current)} (current-context)`);
  return readContext(document, context);
}

function readContext(document: unknown, context: unknown): KubeconfigVerdict {
  const clusterName = textAt(context, 'cluster');
  const userName = textAt(context, 'user');
  const cluster = clusterName && entryNamed(document, 'clusters', 'cluster', clusterName);
  const user = userName && entryNamed(document, 'users', 'user', userName);
  if (!cluster)
    return refuse(`clusters has no entry ${quoted(clusterName)} (cluster of the context)`);
  if (!user) return refuse(`users has no entry ${quoted(userName)} (user of the context)`);
  return (
    refuseUnknown(cluster, 'cluster', clusterFields) ??
    refuseUnknown(user, 'user', userFields) ??
    checkCluster(cluster) ??
    checkUser(user) ??
    accept(cluster, user)
  );
}

function checkCluster(cluster: unknown): KubeconfigVerdict | undefined {
  const server = textAt(cluster, 'server') ?? '';
  if (!server.startsWith('https://') || !URL.canParse(server))
    return refuse('field cluster.server must be an https URL');
  const { username, password, search, hash } = new URL(server);
  if (username || password || search || hash)
    return refuse('field cluster.server must hold no credentials, query or fragment');
  if (!isBase64(textAt(cluster, 'certificate-authority-data')))
    return refuse('field cluster.certificate-authority-data must be a base64 PEM certificate');
  return undefined;
}

function checkUser(user: unknown): KubeconfigVerdict | undefined {
  const certificate = textAt(user, 'client-certificate-data');
  const key = textAt(user, 'client-key-data');
  if (certificate !== undefined || key !== undefined) {
    if (!isBase64(certificate))
      return refuse('field user.client-certificate-data must be a base64 PEM certificate');
    if (!isBase64(key)) return refuse('field user.client-key-data must be a base64 PEM key');
    return undefined;
  }
  return textAt(user, 'token') === undefined
    ? refuse('user must have client-certificate-data with client-key-data, or token')
    : undefined;
}

function accept(cluster: unknown, user: unknown): KubeconfigVerdict {
  const present: Record<string, string | undefined> = {
    serverName: textAt(cluster, 'tls-server-name'),
    certificate: pemAt(user, 'client-certificate-data'),
    key: pemAt(user, 'client-key-data'),
    token: textAt(user, 'token'),
  };
  return {
    accepted: {
      server: textAt(cluster, 'server') ?? '',
      ca: pemAt(cluster, 'certificate-authority-data') ?? '',
      ...Object.fromEntries(Object.entries(present).filter(([, value]) => value !== undefined)),
    },
  };
}

function pemAt(entry: unknown, field: string): string | undefined {
  const text = textAt(entry, field);
  return text === undefined ? undefined : Buffer.from(text, 'base64').toString('utf8');
}

/** An empty or false field does nothing and is let through, as kubectl does. */
function refuseUnknown(
  entry: unknown,
  where: string,
  allowed: readonly string[],
): KubeconfigVerdict | undefined {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry))
    return refuse(`field ${where} must be a map`);
  for (const [field, value] of Object.entries(entry)) {
    if (allowed.includes(field) || isUnset(value)) continue;
    const message = `field ${where}.${field} is not allowed: ${remedies[field] ?? `allowed are ${allowed.join(', ')}`}`;
    return refuse(message, field === 'exec' ? 'ExecNotAllowed' : 'SecretInvalid');
  }
  return undefined;
}

function isUnset(value: unknown): boolean {
  return value === undefined || value === null || value === false || value === '';
}

function entryNamed(document: unknown, list: string, field: string, name: string): unknown {
  const entry = listAt(document, list).find(candidate => textAt(candidate, 'name') === name);
  return valueAt(entry, field);
}

function isBase64(text: string | undefined): boolean {
  if (text === undefined || !/^[A-Za-z0-9+/=\s]+$/.test(text)) return false;
  return Buffer.from(text, 'base64').includes('-----BEGIN ');
}

function quoted(name: string | undefined): string {
  return name === undefined ? '(none)' : JSON.stringify(name.slice(0, 100));
}

function refuse(
  cause: string,
  reason: 'SecretInvalid' | 'ExecNotAllowed' = 'SecretInvalid',
): KubeconfigVerdict {
  return { reason, message: `the kubeconfig is refused: ${cause}` };
}
