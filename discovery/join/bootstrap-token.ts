import { serviceAccounts } from '../../api/well-known.ts';
import { isNotFound } from '../../kube/api-error.ts';
import { builtin } from '../../kube/builtin.ts';
import type { TokenRequest } from '../../kube/builtin-kinds.ts';
import type { KubeClient } from '../../kube/client.ts';

/** The shortest life that Kubernetes gives a token. */
const lifeSeconds = 600;

export interface BootstrapToken {
  readonly token: string;
  /** RFC 3339. */
  readonly expires: string;
}

/**
 * A token that lets one agent ask for the credential of one cluster, and nothing else. Undefined when the parent keeps no account for it:
 * the hub removes it once the cluster has joined, and makes it anew for a cluster that was away for long.
 */
export async function issueBootstrapToken(
  parent: KubeClient,
  namespace: string,
  signal: AbortSignal,
): Promise<BootstrapToken | undefined> {
  const request: TokenRequest = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: lifeSeconds },
  };
  const account = { namespace, name: serviceAccounts.bootstrap };
  try {
    const { status } = await parent.createSubresource<TokenRequest>(
      builtin.serviceAccounts,
      account,
      'token',
      request,
      signal,
    );
    return status && { token: status.token, expires: status.expirationTimestamp };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Whether a token must be replaced: before half of its life is over, so that an agent never starts with one about to end. */
export function isTokenDue(expires: string | undefined, now: Date): boolean {
  return expires === undefined || Date.parse(expires) - now.getTime() < (lifeSeconds * 1000) / 2;
}
