import type { ClusterAccess } from './cluster-access.ts';
import { createDispatcher } from './dispatcher.ts';

export interface TokenAccessOptions {
  readonly server: string | URL;
  /** PEM of the certificates to trust; absent means the ones Node trusts. */
  readonly caBundle?: string | Buffer | undefined;
  /** The bearer token, or where to take the present one from before each request. */
  readonly token: string | (() => string | Promise<string>);
  /** Told when the server did not accept the token. */
  readonly onUnauthorized?: () => void;
}

/** Access with a bearer token, such as a ServiceAccount's. */
export function accessWithToken(options: TokenAccessOptions): ClusterAccess {
  const { token, onUnauthorized } = options;
  const tls = options.caBundle === undefined ? {} : { ca: options.caBundle };
  const dispatcher = createDispatcher(tls);
  return {
    server: new URL(options.server),
    dispatcher,
    tls,
    authorization: async () => `Bearer ${typeof token === 'string' ? token : await token()}`,
    ...(onUnauthorized === undefined ? {} : { onUnauthorized }),
    close: () => dispatcher.destroy(),
  };
}
