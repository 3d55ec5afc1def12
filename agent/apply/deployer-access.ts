import { namespaces, serviceAccounts } from '../../api/well-known.ts';
import { builtin } from '../../kube/builtin.ts';
import type { TokenRequest } from '../../kube/builtin-kinds.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { ClusterAccess } from '../../kube/cluster-access.ts';
import { accessWithToken } from '../../kube/token-access.ts';

const lifetimeSeconds = 3600;
/** The share of its life after which a token is replaced. */
const renewAt = 0.8;

/**
 * Access to the child as ServiceAccount clusternet-app-deployer, whose rights decide what may be delivered.
 * Its token is requested when needed, kept in memory only and replaced before it ends.
 */
export function deployerAccess(child: KubeClient): ClusterAccess {
  const { server, tls } = child.access;
  const token = new DeployerToken(child);
  return accessWithToken({
    server,
    caBundle: tls.ca,
    token: () => token.get(),
    onUnauthorized: () => token.forget(),
  });
}

class DeployerToken {
  readonly #child: KubeClient;
  #present: { readonly token: string; readonly until: number } | undefined;
  #asking: Promise<string> | undefined;

  constructor(child: KubeClient) {
    this.#child = child;
  }

  get(): Promise<string> {
    if (this.#present !== undefined && performance.now() < this.#present.until) {
      return Promise.resolve(this.#present.token);
    }
    this.#asking ??= this.#request().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  forget(): void {
    this.#present = undefined;
  }

  async #request(): Promise<string> {
    const key = { namespace: namespaces.system, name: serviceAccounts.appDeployer };
    const body: TokenRequest = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: lifetimeSeconds },
    };
    const askedAt = performance.now();
    const answer = await this.#child.createSubresource<TokenRequest>(
      builtin.serviceAccounts,
      key,
      'token',
      body,
    );
    const { token = '', expirationTimestamp = '' } = answer.status ?? {};
    const life = Date.parse(expirationTimestamp) - Date.now();
    this.#present = { token, until: askedAt + life * renewAt };
    return token;
  }
}
