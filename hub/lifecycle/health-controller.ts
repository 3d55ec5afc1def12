import { type ManagedCluster, managedClusters } from '../../api/clusters/managed-cluster.ts';
import { setCondition } from '../../api/conditions.ts';
import { labels, serviceAccounts } from '../../api/well-known.ts';
import { isAlreadyExists } from '../../kube/api-error.ts';
import { builtin } from '../../kube/builtin.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Controller } from '../../reconcile/controller.ts';
import { keyOf, splitKey } from '../../reconcile/key.ts';
import type { Runtime } from '../../reconcile/runtime.ts';
import { watchObjects } from '../../reconcile/source.ts';
import { childServiceAccount } from '../approve/child-objects.ts';
import { clusterById, managedClustersById } from '../managed-clusters-by-id.ts';
import {
  bootstrapWanted,
  isNews,
  type ReadyCondition,
  readyCondition,
  taintsFor,
} from './cluster-health.ts';
import { type Connection, judgeConnection } from './connection.ts';
import { TunnelWatch } from './tunnel-watch.ts';

/** Says of each ManagedCluster whether it is Ready, by its tunnel and by what its agent reports, and taints it accordingly. */
export function clusterHealthController(runtime: Runtime, namespace: string): Controller {
  const { cache, client, clock, events } = runtime;
  const clusters = managedClustersById(cache);
  const tunnels = new TunnelWatch(runtime, namespace);
  const accounts = cache.informer(builtin.serviceAccounts, { labelSelector: labels.clusterId });
  const keyOfCluster = (clusterId: string): string | undefined => {
    const cluster = clusterById(clusters, clusterId);
    return cluster && keyOf(cluster);
  };
  const hasBootstrapAccount = (cluster: ManagedCluster): boolean =>
    accounts.get({ namespace: cluster.metadata.namespace, name: serviceAccounts.bootstrap }) !==
    undefined;

  return {
    name: 'cluster-health',
    sources: [watchObjects(clusters), tunnels.source(keyOfCluster)],
    reads: [accounts],
    async reconcile(key, signal) {
      const cluster = clusters.get(splitKey(key));
      if (cluster === undefined || cluster.metadata.deletionTimestamp !== undefined) return;
      const connection = judgeConnection(tunnels.factsOf(cluster.spec.clusterId));
      const condition = readyCondition(connection, cluster.status);
      if (condition !== undefined && isNews(cluster.status, condition)) {
        await writeReady(client, cluster, condition, clock.now(), signal);
        announce(events, cluster, condition);
      }
      const taints = taintsFor(cluster, connection, condition, clock.now());
      await writeTaints(client, cluster, taints, signal);
      const { wanted, askAgainMs } = bootstrapWanted(cluster, connection, clock.now());
      if (wanted !== undefined && wanted !== hasBootstrapAccount(cluster)) {
        await (wanted ? makeBootstrapAccount : removeBootstrapAccount)(client, cluster, signal);
      }
      const requeueAfterMs = nextLook(connection, askAgainMs);
      return requeueAfterMs === undefined ? undefined : { requeueAfterMs };
    },
  };
}

function nextLook(connection: Connection, askAgainMs: number | undefined): number | undefined {
  return connection.state === 'unsure' ? connection.askAgainMs : askAgainMs;
}

/** Server-side apply of this one condition: others on the object belong to others. */
async function writeReady(
  client: KubeClient,
  cluster: ManagedCluster,
  condition: ReadyCondition,
  now: Date,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name, uid } = cluster.metadata;
  const ready = setCondition(cluster.status?.conditions, condition, now).find(
    ({ type }) => type === condition.type,
  );
  const configuration = {
    apiVersion: cluster.apiVersion,
    kind: cluster.kind,
    metadata: { namespace, name, uid } as ManagedCluster['metadata'],
    status: { conditions: [ready] },
  };
  await client.apply(
    managedClusters,
    configuration,
    { fieldManager: 'clusternet-hub-health', force: true, subresource: 'status' },
    signal,
  );
}

function announce(
  events: Runtime['events'],
  cluster: ManagedCluster,
  { status, reason, message }: ReadyCondition,
): void {
  if (status === 'True') events.normal(cluster, reason, message, 'JudgeHealth');
  else events.warning(cluster, reason, message, 'JudgeHealth');
}

/** Compare-and-set: a taint somebody else adds meanwhile must not be lost. */
async function writeTaints(
  client: KubeClient,
  cluster: ManagedCluster,
  taints: NonNullable<ManagedCluster['spec']['taints']>,
  signal: AbortSignal,
): Promise<void> {
  if (taints === cluster.spec.taints || (cluster.spec.taints === undefined && !taints.length)) {
    return;
  }
  const { namespace, name = '' } = cluster.metadata;
  // Our own condition write has moved the version we read; what must not have moved is the list of taints.
  const live = await client.get(managedClusters, { namespace, name }, signal);
  const { resourceVersion } = live.metadata;
  const unmoved = JSON.stringify(live.spec.taints) === JSON.stringify(cluster.spec.taints);
  // The change that moved it comes as an event and is judged then.
  if (!unmoved) return;
  const body = { metadata: { resourceVersion }, spec: { taints } };
  await client.patch(
    managedClusters,
    { namespace, name },
    { type: 'merge', body },
    { fieldManager: 'clusternet-hub-health' },
    signal,
  );
}

async function removeBootstrapAccount(
  client: KubeClient,
  { metadata: { namespace } }: ManagedCluster,
  signal: AbortSignal,
): Promise<void> {
  const key = { namespace, name: serviceAccounts.bootstrap };
  await client.delete(builtin.serviceAccounts, key, {}, signal);
}

async function makeBootstrapAccount(
  client: KubeClient,
  { metadata: { namespace = '', name = '' }, spec }: ManagedCluster,
  signal: AbortSignal,
): Promise<void> {
  const child = { clusterId: spec.clusterId, clusterName: name, namespace };
  const account = childServiceAccount(child, serviceAccounts.bootstrap);
  await client.create(builtin.serviceAccounts, account, signal).catch((error: unknown) => {
    if (!isAlreadyExists(error)) throw error;
  });
}
