import { existsSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { ClusternetError } from '../api/errors.ts';
import type { ClusterAccess, ClusterTls } from './cluster-access.ts';
import { createDispatcher } from './dispatcher.ts';

/** Which kubeconfig to read: a file, its text, or (neither given) KUBECONFIG or ~/.kube/config as kubectl does. */
export interface KubeconfigSource {
  readonly path?: string | undefined;
  readonly text?: string | undefined;
  /** Absent means current-context. */
  readonly context?: string | undefined;
}

/** Access as a kubeconfig says, client certificates, tokens and exec plugins included; throws naming what is missing. */
export async function accessFromKubeconfig(source: KubeconfigSource = {}): Promise<ClusterAccess> {
  const config = await load(source);
  if (source.context !== undefined) config.setCurrentContext(source.context);
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) {
    const context = config.getCurrentContext() || 'current-context';
    throw new ClusternetError('CN_KUBE_KUBECONFIG', `kubeconfig: ${context} names no cluster`);
  }
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const tls = tlsOf(options);
  const dispatcher = createDispatcher(tls);
  return {
    server: new URL(server),
    dispatcher,
    tls,
    authorization: authorizationOf(config, options),
    close: () => dispatcher.destroy(),
  };
}

/** The namespace of the kubeconfig's context, as kubectl takes it: `default` when it names none. */
export async function namespaceFromKubeconfig(source: KubeconfigSource = {}): Promise<string> {
  const config = await load(source);
  const name = source.context ?? config.getCurrentContext();
  return config.getContextObject(name)?.namespace ?? 'default';
}

async function load(source: KubeconfigSource): Promise<KubeConfig> {
  // Half a second and tens of megabytes to import, and processes inside a cluster never need it.
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  try {
    if (source.text !== undefined) config.loadFromString(source.text);
    else if (source.path !== undefined) config.loadFromFile(source.path);
    else loadDefault(config);
  } catch (cause) {
    const what = source.path ?? 'kubeconfig';
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ClusternetError('CN_KUBE_KUBECONFIG', `${what}: ${why}`, { cause });
  }
  return config;
}

function loadDefault(config: KubeConfig): void {
  const standard = join(homedir(), '.kube', 'config');
  if (!process.env.KUBECONFIG && !existsSync(standard)) {
    throw new Error(`KUBECONFIG is not set and ${standard} does not exist`);
  }
  config.loadFromDefault();
}

function tlsOf(options: RequestOptions): ClusterTls {
  const pem = (value: unknown) => value as string | Buffer;
  return {
    ...(options.ca ? { ca: pem(options.ca) } : {}),
    ...(options.cert ? { cert: pem(options.cert) } : {}),
    ...(options.key ? { key: pem(options.key) } : {}),
    ...(options.servername ? { servername: options.servername } : {}),
    ...(options.rejectUnauthorized === false ? { rejectUnauthorized: false } : {}),
  };
}

/** Static credentials are taken once; those a plugin or a file supplies are asked for again before each request. */
function authorizationOf(
  config: KubeConfig,
  first: RequestOptions,
): () => Promise<string | undefined> {
  const user = config.getCurrentUser();
  const rotates = Boolean(user?.exec || user?.authProvider);
  if (!rotates) {
    const fixed = headerOf(first);
    return async () => fixed;
  }
  return async () => {
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    return headerOf(options);
  };
}

function headerOf(options: RequestOptions): string | undefined {
  if (options.auth) return `Basic ${Buffer.from(options.auth).toString('base64')}`;
  const headers = options.headers as Record<string, string> | undefined;
  return headers?.Authorization;
}
