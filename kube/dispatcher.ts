import { Agent, type Dispatcher } from 'undici';
import type { ClusterTls } from './cluster-access.ts';

/**
 * One pool of connections to one API server, HTTP/2 where the server offers it.
 * The ping finds a silently dead link: without it a watch and every later request would hang on the old session.
 */
export function createDispatcher(tls: ClusterTls): Dispatcher {
  return new Agent({
    allowH2: true,
    h2Options: { pingInterval: 10_000, connectionWindowSize: 4 << 20 },
    connect: { ...tls, timeout: 10_000 },
    keepAliveTimeout: 60_000,
    // Requests state their own limits; a watch or a proxied stream may rightly be quiet for long.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}
