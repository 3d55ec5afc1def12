/**
 * Names shared by who writes the tunnel Leases (hub/sockets) and who judges them (hub/lifecycle), all in the hub's namespace:
 *
 * - `tunnel-<cluster id>`: holderIdentity = replica that holds the tunnel (absent or empty when the loss is certain),
 *   leaseTransitions = epoch of the tunnel, renewTime = when it connected; label clusters.clusternet.io/cluster-id.
 *   Written on connect and on certain loss only.
 * - `hub-<replica>`: holderIdentity = the replica, renewed every 5 s, leaseDurationSeconds 15.
 */
export function tunnelLeaseName(clusterId: string): string {
  return `tunnel-${clusterId}`;
}

/** The Lease by which a hub replica shows that it is alive; a replica is a process, named anew with every start. */
export function replicaLeaseName(replica: string): string {
  return `hub-${replica}`;
}

/** The cluster id of a tunnel Lease's name, undefined for any other Lease. */
export function clusterIdOfLease(name: string): string | undefined {
  return name.startsWith('tunnel-') ? name.slice('tunnel-'.length) : undefined;
}
