import { labels, serviceAccounts } from '../../api/well-known.ts';
import { builtin } from '../../kube/builtin.ts';
import type { Runtime } from '../../reconcile/runtime.ts';
import { managedClustersById } from '../managed-clusters-by-id.ts';
import type { SocketHandlers } from '../server/authenticated-request.ts';

/** API servers go on accepting a token, and we a verdict, for up to ten seconds after either was withdrawn. */
const rememberedMs = 30_000;

/**
 * Cuts a tunnel when its cluster leaves or when its account is deleted (which revokes all its tokens): a tunnel that is open would
 * otherwise outlive the right to open it. Every replica does so for the tunnels it holds.
 */
export function cutRevokedTunnels(
  { cache, clock }: Pick<Runtime, 'cache' | 'clock'>,
  sockets: Pick<SocketHandlers, 'cut'>,
): void {
  managedClustersById(cache).onChange(({ type, object, old }) => {
    const leaves = type === 'deleted' || object.metadata.deletionTimestamp !== undefined;
    const isNew = type === 'deleted' || old?.metadata.deletionTimestamp === undefined;
    if (leaves && isNew) sockets.cut(object.spec.clusterId, 'the cluster is leaving');
  });
  const accounts = cache.informer(builtin.serviceAccounts, { labelSelector: labels.clusterId });
  accounts.onChange(({ type, object, old }) => {
    const clusterId = object.metadata.labels?.[labels.clusterId];
    if (clusterId === undefined || object.metadata.name !== serviceAccounts.child) return;
    const replaced = type === 'updated' && old?.metadata.uid !== object.metadata.uid;
    if (type !== 'deleted' && !replaced) return;
    const cut = () => sockets.cut(clusterId, 'its credential was revoked');
    cut();
    clock.after(rememberedMs, cut);
  });
}
