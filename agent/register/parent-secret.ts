import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { labels, namespaces, secretKeys, secretNames } from '../../api/well-known.ts';
import { isAlreadyExists, isConflict } from '../../kube/api-error.ts';
import { builtin } from '../../kube/builtin.ts';
import type { Secret } from '../../kube/builtin-kinds.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { ParentCredential } from './parent-credential.ts';

const key = { namespace: namespaces.system, name: secretNames.parentCluster };

/** The agent's private key, made at the first start and kept in Secret parent-cluster ever after. */
export async function ensureAgentKey(child: KubeClient, signal: AbortSignal): Promise<KeyObject> {
  for (;;) {
    const secret = await child.find(builtin.secrets, key, signal);
    const pem = decode(secret?.data?.[secretKeys.agentKey]);
    if (pem !== '') return createPrivateKey(pem);
    try {
      await storeKey(child, secret, signal);
    } catch (error) {
      // Somebody else was faster; the key that is there counts.
      if (!isAlreadyExists(error) && !isConflict(error)) throw error;
    }
  }
}

/** The credential of an earlier run, or undefined when there is none that is complete. */
export async function readCredential(
  child: KubeClient,
  signal: AbortSignal,
): Promise<ParentCredential | undefined> {
  const secret = await child.find(builtin.secrets, key, signal);
  const read = (name: string) => decode(secret?.data?.[name]);
  const credential = {
    server: read(secretKeys.advertiseURL),
    caBundle: read(secretKeys.caCertificate),
    token: read(secretKeys.token),
    namespace: read(secretKeys.namespace),
    managedClusterName: read(secretKeys.managedClusterName),
    receivedAt: read(secretKeys.tokenReceived),
    expiresAt: read(secretKeys.tokenExpiration),
  };
  const { caBundle: _, ...required } = credential;
  return Object.values(required).every(value => value !== '') ? credential : undefined;
}

/** Keeps the credential beside the key. */
export async function writeCredential(
  child: KubeClient,
  clusterId: string,
  credential: ParentCredential,
  signal: AbortSignal,
): Promise<void> {
  const data = {
    [secretKeys.advertiseURL]: encode(credential.server),
    [secretKeys.caCertificate]: encode(credential.caBundle),
    [secretKeys.token]: encode(credential.token),
    [secretKeys.namespace]: encode(credential.namespace),
    [secretKeys.managedClusterName]: encode(credential.managedClusterName),
    [secretKeys.tokenReceived]: encode(credential.receivedAt),
    [secretKeys.tokenExpiration]: encode(credential.expiresAt),
  };
  const metadata = {
    labels: {
      [labels.clusterId]: clusterId,
      [labels.clusterName]: credential.managedClusterName,
      [labels.bootstrapping]: 'credentials-auto',
    },
  };
  await child.patch(
    builtin.secrets,
    key,
    { type: 'merge', body: { metadata, data } },
    { fieldManager: 'clusternet-agent' },
    signal,
  );
}

async function storeKey(
  child: KubeClient,
  existing: Secret | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = encode(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  const data = { [secretKeys.agentKey]: pem };
  if (existing === undefined) {
    const secret: Secret = { apiVersion: 'v1', kind: 'Secret', metadata: key, data };
    await child.create(builtin.secrets, secret, signal);
  } else {
    const { resourceVersion } = existing.metadata;
    const body = { metadata: { resourceVersion }, data };
    await child.patch(builtin.secrets, key, { type: 'merge', body }, {}, signal);
  }
}

function decode(value: string | undefined): string {
  return Buffer.from(value ?? '', 'base64').toString('utf8');
}

function encode(value: string): string {
  return Buffer.from(value).toString('base64');
}
