import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { ClusternetError } from '../api/errors.ts';
import type { ClusterAccess } from './cluster-access.ts';
import { accessWithToken } from './token-access.ts';

const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';
/** The kubelet replaces the token long before it expires, so a copy this old is still good. */
const rereadTokenMs = 10_000;

/** True inside a pod that has a ServiceAccount token. */
export function isInCluster(): boolean {
  return process.env.KUBERNETES_SERVICE_HOST !== undefined;
}

/** Access as the pod's own ServiceAccount; throws when the pod has none mounted. */
export function accessInCluster(
  folder = serviceAccountFolder,
  now = () => performance.now(),
): ClusterAccess {
  const host = process.env.KUBERNETES_SERVICE_HOST ?? '';
  const port = process.env.KUBERNETES_SERVICE_PORT ?? '443';
  return accessWithToken({
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    caBundle: readBundle(join(folder, 'ca.crt')),
    token: rereadFile(join(folder, 'token'), now),
  });
}

function readBundle(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const hint = 'is automountServiceAccountToken off?';
    throw new ClusternetError('CN_KUBE_SERVICE_ACCOUNT', `cannot read ${path}: ${hint}`, { cause });
  }
}

function rereadFile(path: string, now: () => number): () => Promise<string> {
  let content = '';
  let readAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (now() - readAt >= rereadTokenMs) {
      content = (await readFile(path, 'utf8')).trim();
      readAt = now();
    }
    return content;
  };
}
