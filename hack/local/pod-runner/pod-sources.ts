import { builtin } from '../../../kube/builtin.ts';
import type { TokenRequest } from '../../../kube/builtin-kinds.ts';
import type { KubeClient } from '../../../kube/client.ts';
import type { Pod } from './pod.ts';

/** What a pod's environment and volumes are made of, read on behalf of one pod. */
export interface PodSources {
  /** The values under each key, or undefined when there is no such object. */
  secret(name: string, signal: AbortSignal): Promise<SourceData | undefined>;
  configMap(name: string, signal: AbortSignal): Promise<SourceData | undefined>;
  /** A token of the pod's ServiceAccount, bound to the pod and valid for a while yet. */
  token(wish: TokenWish, signal: AbortSignal): Promise<string>;
}

/** What a `serviceAccountToken` projection says of the token. */
export interface TokenWish {
  readonly audience?: string;
  readonly expirationSeconds?: number;
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

/** Reads from the pod's cluster. A token is asked for once, and again when a fifth of its life is left. */
export function sourcesOf(pod: Pod, client: KubeClient): PodSources {
  const { namespace } = pod.metadata;
  const tokens = new Map<string, IssuedToken>();
  return {
    async secret(name, signal) {
      const secret = await client.find(builtin.secrets, { namespace, name }, signal);
      return secret && decoded(secret.data ?? {}, 'base64');
    },
    async configMap(name, signal) {
      const configMap = await client.find(builtin.configMaps, { namespace, name }, signal);
      return configMap && decoded(configMap.data ?? {}, 'utf8');
    },
    async token(wish, signal) {
      const key = JSON.stringify([wish.audience, wish.expirationSeconds]);
      const known = tokens.get(key);
      if (known && Date.now() < known.renewAt) return known.token;
      const issued = await issueToken(pod, client, wish, signal);
      tokens.set(key, issued);
      return issued.token;
    },
  };
}

interface IssuedToken {
  readonly token: string;
  readonly renewAt: number;
}

async function issueToken(
  { metadata, spec }: Pod,
  client: KubeClient,
  { audience, expirationSeconds }: TokenWish,
  signal: AbortSignal,
): Promise<IssuedToken> {
  const { namespace, name = '', uid = '' } = metadata;
  const body: TokenRequest = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: {
      ...(audience && { audiences: [audience] }),
      ...(expirationSeconds && { expirationSeconds }),
      boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
    },
  };
  const account = { namespace, name: spec.serviceAccountName ?? 'default' };
  const { status } = await client.createSubresource<TokenRequest>(
    builtin.serviceAccounts,
    account,
    'token',
    body,
    signal,
  );
  if (status === undefined) throw new Error('the API server issued no token');
  const lifeMs = Date.parse(status.expirationTimestamp) - Date.now();
  return { token: status.token, renewAt: Date.now() + lifeMs * 0.8 };
}

function decoded(data: Readonly<Record<string, string>>, encoding: BufferEncoding): SourceData {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, encoding)]),
  );
}
