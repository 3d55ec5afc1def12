import { builtin } from '../../../kube/builtin.ts';
import type { TokenRequest } from '../../../kube/builtin-kinds.ts';
import type { KubeClient } from '../../../kube/client.ts';
import type { Pod } from './pod.ts';

/** What a pod's environment and volumes are made of, read on behalf of one pod. */
export interface PodSources {
  /** The values under each key, or undefined when there is no such object. */
  secret(name: string, signal: AbortSignal): Promise<SourceData | undefined>;
  configMap(name: string, signal: AbortSignal): Promise<SourceData | undefined>;
  /** A new token of the pod's ServiceAccount, bound to the pod. */
  token(
    request: { readonly audience?: string; readonly expirationSeconds?: number },
    signal: AbortSignal,
  ): Promise<{ readonly token: string; readonly expiresAt: number }>;
}

export type SourceData = Readonly<Record<string, Buffer>>;

/** A pod cannot start yet because of what it refers to; `reason` and message are shown as its container's state. */
export class PodNotStartable extends Error {
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Reads from the pod's cluster. */
export function sourcesOf(pod: Pod, client: KubeClient): PodSources {
  const { namespace, name = '', uid = '' } = pod.metadata;
  return {
    async secret(secretName, signal) {
      const secret = await client.find(builtin.secrets, { namespace, name: secretName }, signal);
      return secret && decoded(secret.data ?? {}, 'base64');
    },
    async configMap(configMapName, signal) {
      const key = { namespace, name: configMapName };
      const configMap = await client.find(builtin.configMaps, key, signal);
      return configMap && decoded(configMap.data ?? {}, 'utf8');
    },
    async token({ audience, expirationSeconds }, signal) {
      const body: TokenRequest = {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: {
          ...(audience && { audiences: [audience] }),
          ...(expirationSeconds && { expirationSeconds }),
          boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
        },
      };
      const account = { namespace, name: pod.spec.serviceAccountName ?? 'default' };
      const answer = await client.createSubresource<TokenRequest>(
        builtin.serviceAccounts,
        account,
        'token',
        body,
        signal,
      );
      if (answer.status === undefined) throw new Error('the API server issued no token');
      const { token, expirationTimestamp } = answer.status;
      return { token, expiresAt: Date.parse(expirationTimestamp) };
    },
  };
}

function decoded(data: Readonly<Record<string, string>>, encoding: BufferEncoding): SourceData {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, encoding)]),
  );
}
