import { version } from '../kube/version.ts';
import type { Runtime } from '../reconcile/runtime.ts';
import type { FrontProxyTrust } from './front-proxy-trust.ts';
import { clusterById, managedClustersById } from './managed-clusters-by-id.ts';
import type { HubOptions } from './options.ts';
import { identityHeaders } from './server/front-proxy-identity.ts';
import { Sockets } from './sockets/sockets.ts';

/** The tunnels and the proxy, fed with what this hub knows of clusters and of its parent. */
export function accessPlane(
  { namespace }: HubOptions,
  runtime: Runtime,
  trust: FrontProxyTrust,
): Sockets {
  const clusters = managedClustersById(runtime.cache);
  let namesUser = identityHeaders(trust.config());
  trust.onChange(() => {
    namesUser = identityHeaders(trust.config());
  });
  return new Sockets({
    runtime,
    namespace,
    // Named anew with every start: what an earlier process held must not seem to be held by this one.
    replica: crypto.randomUUID(),
    build: `clusternet-hub/${version}`,
    // Before the first list is in nobody may be told that a cluster does not exist.
    isKnown: clusterId => !clusters.isSynced() || clusterById(clusters, clusterId) !== undefined,
    isIdentityHeader: name => namesUser(name),
  });
}
