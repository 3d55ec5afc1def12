import type { FeedInventory } from '../api/apps/feed-inventory.ts';
import type { Subscription } from '../api/apps/subscription.ts';
import type { ManagedCluster } from '../api/clusters/managed-cluster.ts';
import type { Condition } from '../api/kube-object.ts';

type Labels = Readonly<Record<string, string>>;
type Spec = Partial<Subscription['spec']>;

/** A cluster `ns-<name>/<name>` that is ready unless told otherwise. */
export function cluster(
  name: string,
  options: {
    labels?: Labels;
    ready?: Condition['status'];
    taints?: ManagedCluster['spec']['taints'];
    deletionTimestamp?: string;
  } = {},
): ManagedCluster {
  const { labels = {}, ready = 'True', taints = [], deletionTimestamp } = options;
  const lastTransitionTime = '2026-01-01T00:00:00Z';
  return {
    apiVersion: 'clusters.clusternet.io/v1beta1',
    kind: 'ManagedCluster',
    metadata: {
      namespace: `ns-${name}`,
      name,
      labels,
      ...(deletionTimestamp !== undefined && { deletionTimestamp, finalizers: ['test/finalizer'] }),
    },
    spec: { clusterId: '3dc5d1f3-6d0a-4a5c-9d5c-9b1c0c8a8a11', syncMode: 'Pull', taints },
    status: {
      conditions: [
        { type: 'Ready', status: ready, reason: 'Test', message: '', lastTransitionTime },
      ],
    },
  };
}

/** What `status.bindingClusters` calls a {@link cluster}. */
export function keyFor(name: string): string {
  return `ns-${name}/${name}`;
}

/** A Subscription `default/app` of everything that matches `app=web` unless told otherwise. */
export function subscription(
  spec: Spec = {},
  status: Subscription['status'] = {},
  metadata: Subscription['metadata'] = {},
): Subscription {
  return {
    apiVersion: 'apps.clusternet.io/v1alpha1',
    kind: 'Subscription',
    metadata: { namespace: 'default', name: 'app', uid: 'uid-app', generation: 1, ...metadata },
    spec: {
      schedulerName: 'default',
      schedulingStrategy: 'Replication',
      subscribers: [{ clusterAffinity: { matchLabels: { app: 'web' } } }],
      feeds: [{ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'qux', name: 'nginx' }],
      ...spec,
    },
    status,
  };
}

/** What the feeds of a Subscription need: replicas by position, undefined for a feed without replicas. */
export function inventoryOf(
  { metadata, spec }: Subscription,
  ...replicas: readonly (number | undefined)[]
): FeedInventory {
  return {
    apiVersion: 'apps.clusternet.io/v1alpha1',
    kind: 'FeedInventory',
    metadata: { namespace: metadata.namespace ?? '', name: metadata.name ?? '' },
    spec: {
      feeds: spec.feeds.map((feed, index) => ({
        ...feed,
        ...(replicas[index] !== undefined && {
          desiredReplicas: replicas[index],
          replicaJsonPath: '/spec/replicas',
        }),
      })),
    },
  };
}
