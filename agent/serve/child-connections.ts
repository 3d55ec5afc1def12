import { createHash } from 'node:crypto';
import { type Dispatcher, Pool } from 'undici';
import type { ClusterAccess, ClusterTls } from '../../kube/cluster-access.ts';
import type { TlsIdentity } from '../../tunnel/heads.ts';

/** Connections to the child's API server as one TLS identity, or as none. */
export interface ChildPools {
  /** HTTP/1.1 with keep-alive: fastest for answers that end. */
  readonly requests: Dispatcher;
  /** HTTP/2: many watches on few connections. Grows by a connection when all streams are taken. */
  readonly streams: Dispatcher;
  readonly tls: ClusterTls;
}

/** Requests under way at the same time; more of them wait here. */
const MAX_REQUESTS = 512;
/** Clients with certificates of their own whose connections are kept. */
const MAX_IDENTITIES = 16;

/**
 * Verified connections to the child's API server, kept apart by client certificate. The agent's own credentials are
 * not among them: a request is worth what it brings.
 */
export class ChildConnections {
  readonly origin: string;
  /** Path below which the API server lives; mostly empty. */
  readonly basePath: string;
  readonly #trust: ClusterTls;
  readonly #anonymous: ChildPools;
  /** In order of last use. */
  readonly #identified = new Map<string, ChildPools>();

  constructor({ server, tls }: Pick<ClusterAccess, 'server' | 'tls'>) {
    this.origin = server.origin;
    this.basePath = server.pathname.replace(/\/$/, '');
    const { ca, servername, rejectUnauthorized } = tls;
    this.#trust = {
      ...(ca !== undefined && { ca }),
      ...(servername !== undefined && { servername }),
      ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
    };
    this.#anonymous = createPools(this.origin, this.#trust);
  }

  /** The pools of an identity; throws when its certificate and key are of no use. */
  poolsFor(identity: TlsIdentity | undefined): ChildPools {
    if (identity === undefined) return this.#anonymous;
    const key = createHash('sha256')
      .update(identity.certificate)
      .update('\0')
      .update(identity.key)
      .digest('base64');
    const pools =
      this.#identified.get(key) ??
      createPools(this.origin, {
        ...this.#trust,
        cert: identity.certificate,
        key: identity.key,
      });
    this.#identified.delete(key);
    this.#identified.set(key, pools);
    if (this.#identified.size > MAX_IDENTITIES) this.#forgetOldest();
    return pools;
  }

  async close(): Promise<void> {
    const all = [this.#anonymous, ...this.#identified.values()];
    this.#identified.clear();
    await Promise.all(
      all.flatMap(({ requests, streams }) => [requests.destroy(), streams.destroy()]),
    );
  }

  /** What is under way on them still ends by itself. */
  #forgetOldest(): void {
    for (const [key, { requests, streams }] of this.#identified) {
      this.#identified.delete(key);
      void requests.close();
      void streams.close();
      return;
    }
  }
}

function createPools(origin: string, tls: ClusterTls): ChildPools {
  // No time limits of ours: a watch may be quiet, and the client or the child decides how long anything takes.
  const common = {
    connect: { ...tls, timeout: 10_000 },
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 30_000,
  };
  return {
    requests: new Pool(origin, { ...common, allowH2: false, connections: MAX_REQUESTS }),
    streams: new Pool(origin, {
      ...common,
      allowH2: true,
      h2Options: { pingInterval: 10_000, connectionWindowSize: 4 << 20 },
    }),
    tls,
  };
}
