import type { Description, ManifestStatus } from '../../api/apps/description.ts';
import { type Feed, feedKey } from '../../api/apps/feed.ts';
import type {
  AggregatedStatus,
  ReplicaStatus,
  Subscription,
  SubscriptionStatus,
} from '../../api/apps/subscription.ts';
import { findCondition } from '../../api/conditions.ts';
import type { Observation } from '../../interpret/compile-interpreter.ts';
import type { DeliveryCondition } from './delivery-plan.ts';

/** A bound cluster with what was delivered to it. */
export interface DeliveredCluster {
  readonly clusterId: string;
  readonly clusterName: string;
  readonly description: Description | undefined;
}

export type Aggregate = Required<
  Pick<SubscriptionStatus, 'aggregatedStatuses' | 'completedReleases'>
> & { readonly condition: DeliveryCondition };

type Detail = NonNullable<AggregatedStatus['feedStatusDetails']>[number];

/** How an object of a feed fares by its status, where somebody knows better than the kind itself. */
export type Observe = (
  feed: Feed,
  status: Readonly<Record<string, unknown>>,
) => Observation | undefined;

/** How the feeds of a Subscription fare: each feed cluster by cluster, in the order of the binding, and all clusters together. */
export function aggregateStatus(
  { metadata, spec }: Subscription,
  clusters: readonly DeliveredCluster[],
  observe: Observe = () => undefined,
): Aggregate {
  const seen = clusters.map(({ description }) => observations(description));
  const aggregatedStatuses = spec.feeds.map(feed => {
    const details = clusters.map((cluster, i) => detailOf(feed, cluster, seen[i], observe));
    return { ...feed, feedStatusSummary: summaryOf(details), feedStatusDetails: details };
  });
  const completedReleases = clusters.filter(({ description }) => isDone(description)).length;
  return {
    aggregatedStatuses,
    completedReleases,
    condition: appliedCondition(clusters, completedReleases, metadata.generation ?? 0),
  };
}

function observations(description: Description | undefined): ReadonlyMap<string, ManifestStatus> {
  const statuses = description?.status?.manifestStatuses ?? [];
  return new Map(statuses.map(status => [feedKey(status), status]));
}

function detailOf(
  feed: Feed,
  { clusterId, clusterName }: DeliveredCluster,
  seen: ReadonlyMap<string, ManifestStatus> | undefined,
  observe: Observe,
): Detail {
  const observed = seen?.get(feedKey(feed));
  const status = observed?.observedStatus ?? {};
  const known = observed && observe(feed, status);
  const replicaStatus = known?.replicaStatus ?? (observed && replicasOf(feed, status));
  return {
    clusterId,
    clusterName,
    available: observed !== undefined && (known?.available ?? isAvailable(replicaStatus)),
    ...(replicaStatus === undefined ? {} : { replicaStatus }),
  };
}

const counters = [
  'replicas',
  'updatedReplicas',
  'currentReplicas',
  'readyReplicas',
  'availableReplicas',
  'unavailableReplicas',
  'active',
  'succeeded',
  'failed',
] as const;

const withReplicas = new Set([
  'apps/v1/Deployment',
  'apps/v1/StatefulSet',
  'apps/v1/ReplicaSet',
  'batch/v1/Job',
]);

function replicasOf(
  { apiVersion, kind }: Feed,
  observed: Readonly<Record<string, unknown>>,
): ReplicaStatus | undefined {
  if (!withReplicas.has(`${apiVersion}/${kind}`)) return undefined;
  const numbers = ['observedGeneration', ...counters].flatMap(name => {
    const value = observed[name];
    return typeof value === 'number' ? [[name, value] as const] : [];
  });
  return Object.fromEntries(numbers);
}

/** A workload is available when as many replicas are as it has; until it says how many it has, it is not. */
function isAvailable(status: ReplicaStatus | undefined): boolean {
  if (status === undefined || status.succeeded !== undefined || status.active !== undefined) {
    return true;
  }
  const ready = status.availableReplicas ?? status.readyReplicas ?? 0;
  return status.observedGeneration !== undefined && ready >= (status.replicas ?? 0);
}

function summaryOf(details: readonly Detail[]): NonNullable<AggregatedStatus['feedStatusSummary']> {
  const available = details.length > 0 && details.every(detail => detail.available);
  const statuses = details.flatMap(({ replicaStatus }) => replicaStatus ?? []);
  if (statuses.length === 0) return { available };
  const generations = statuses.flatMap(({ observedGeneration }) => observedGeneration ?? []);
  const sums = counters.flatMap(name => {
    const values = statuses.flatMap(status => status[name] ?? []);
    return values.length === 0 ? [] : [[name, values.reduce((a, b) => a + b)] as const];
  });
  const newest = generations.length === 0 ? {} : { observedGeneration: Math.max(...generations) };
  return { available, replicaStatus: { ...newest, ...Object.fromEntries(sums) } };
}

/** Whether the agent has applied the Description as it is now, and not an earlier one. */
function isDone(description: Description | undefined): boolean {
  return description?.status?.phase === 'Success' && isCurrent(description);
}

/** An agent that says which generation it speaks of is held to it. */
function isCurrent({ metadata, status }: Description): boolean {
  const spoken = status?.conditions?.flatMap(each => each.observedGeneration ?? []) ?? [];
  return spoken.length === 0 || Math.max(...spoken) >= (metadata.generation ?? 0);
}

function appliedCondition(
  clusters: readonly DeliveredCluster[],
  done: number,
  observedGeneration: number,
): DeliveryCondition {
  const type = 'Applied';
  const failed = clusters.filter(
    ({ description }) => description?.status?.phase === 'Failure' && isCurrent(description),
  );
  const [first] = failed;
  if (first !== undefined) {
    const count = failed.length === 1 ? '1 cluster' : `${failed.length} clusters`;
    const message = `Not applied in ${count}, first ${first.clusterName}: ${whyFailed(first)}`;
    return { type, status: 'False', reason: 'ApplyFailed', message, observedGeneration };
  }
  const message = `Applied in ${done} of ${clusters.length} clusters.`;
  return done === clusters.length
    ? { type, status: 'True', reason: 'Applied', message, observedGeneration }
    : { type, status: 'False', reason: 'Applying', message, observedGeneration };
}

function whyFailed({ description }: DeliveredCluster): string {
  const applied = findCondition(description?.status?.conditions, 'Applied');
  const why = applied && `${applied.reason}: ${applied.message}`;
  return (why ?? (description?.status?.reason || 'its agent gives no reason')).slice(0, 800);
}
