import { secretNames } from '../../api/well-known.ts';
import { isAlreadyExists } from '../../kube/api-error.ts';
import { builtin } from '../../kube/builtin.ts';
import type { Secret } from '../../kube/builtin-kinds.ts';
import type { KubeClient } from '../../kube/client.ts';
import {
  type CertificateSet,
  fromSecret,
  makeCertificateSet,
  toSecretData,
} from './certificate-set.ts';

/** The set all replicas share, made by whoever comes first; a Secret that cannot be read is made anew. */
export async function ensureCertificateSet(
  client: KubeClient,
  namespace: string,
  dnsNames: readonly string[],
  now: Date,
): Promise<CertificateSet> {
  const key = { namespace, name: secretNames.hubTls };
  for (;;) {
    const secret = await client.find(builtin.secrets, key);
    const found = fromSecret(secret);
    if (found !== undefined) return found;
    const made = await makeCertificateSet(dnsNames, now);
    if (secret !== undefined) {
      await storeCertificateSet(client, secret, made);
      return made;
    }
    try {
      await client.create(builtin.secrets, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: key,
        type: 'Opaque',
        data: toSecretData(made),
      });
      return made;
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }
}

/** Stores a set over the Secret it was planned from; a conflict (409) says that somebody else has stored one meanwhile. */
export async function storeCertificateSet(
  client: KubeClient,
  secret: Secret,
  set: CertificateSet,
  signal?: AbortSignal,
): Promise<Secret> {
  return client.replace(builtin.secrets, { ...secret, data: toSecretData(set) }, signal);
}
