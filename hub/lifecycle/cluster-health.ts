import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import { findCondition } from '../../api/conditions.ts';
import type { Condition } from '../../api/kube-object.ts';
import type { Taint } from '../../api/taint.ts';
import { taintKeys } from '../../api/well-known.ts';
import type { Connection } from './connection.ts';

export type ReadyCondition = Omit<Condition, 'lastTransitionTime'>;

/** Reasons of condition Ready on a ManagedCluster; they are upstream's words. */
export const readyReasons = [
  'ManagedClusterReady',
  'ManagedClusterNotReady',
  'ClusterStatusNeverUpdated',
  'ClusterStatusUnknown',
] as const;

/** What Ready should say; undefined leaves it as it is. */
export function readyCondition(
  connection: Connection,
  status: ManagedCluster['status'],
): ReadyCondition | undefined {
  switch (connection.state) {
    case 'unsure':
      return undefined;
    case 'never':
      return ready('Unknown', 'ClusterStatusNeverUpdated', 'The agent has not connected yet.');
    case 'lost':
      return ready(
        'Unknown',
        'ClusterStatusUnknown',
        'The agent is not connected any more. What it was given keeps running in the cluster; look at Deployment ' +
          'clusternet-system/clusternet-agent there, and at whether the cluster can reach the parent.',
      );
    case 'connected':
      return healthOf(status);
  }
}

function healthOf(status: ManagedCluster['status']): ReadyCondition {
  const { healthz, livez, readyz } = status ?? {};
  if (healthz === undefined && livez === undefined && readyz === undefined) {
    return ready(
      'Unknown',
      'ClusterStatusNeverUpdated',
      'The agent is connected and has not reported yet.',
    );
  }
  if ((livez && readyz) || healthz) {
    return ready('True', 'ManagedClusterReady', 'managed cluster is ready.');
  }
  return ready(
    'False',
    'ManagedClusterNotReady',
    "The cluster's API server says it is not ready; ask it: kubectl get --raw '/readyz?verbose'.",
  );
}

function ready(
  status: Condition['status'],
  reason: (typeof readyReasons)[number],
  message: string,
): ReadyCondition {
  return { type: 'Ready', status, reason, message };
}

/** Whether the condition would say something new. */
export function isNews(status: ManagedCluster['status'], condition: ReadyCondition): boolean {
  const old = findCondition(status?.conditions, condition.type);
  return (
    old?.status !== condition.status ||
    old.reason !== condition.reason ||
    old.message !== condition.message
  );
}

/**
 * The taints the cluster should have: ours follow its state, everybody else's stay. The same list when nothing changes. The
 * bootstrapping taint goes when the cluster is connected and its labels are in, and never comes back. Ours says since
 * when without a break the cluster has not been ready: tolerations and failover count from there.
 */
export function taintsFor(
  cluster: ManagedCluster,
  connection: Connection,
  condition: ReadyCondition | undefined,
  now: Date,
): readonly Taint[] {
  const { taints = [] } = cluster.spec;
  const isOurs =
    (key: string) =>
    (taint: Taint): boolean =>
      taint.key === key && taint.effect === 'NoSchedule';
  const settled = connection.state === 'connected' && cluster.status?.nodeLabels !== undefined;
  const kept = settled ? without(taints, isOurs(taintKeys.bootstrapping)) : taints;
  if (condition === undefined) return kept;
  if (condition.status === 'True') return without(kept, isOurs(taintKeys.unschedulable));
  const present = kept.find(isOurs(taintKeys.unschedulable));
  if (present?.value === condition.reason && present.timeAdded) return kept;
  const timeAdded = present?.timeAdded ?? `${now.toISOString().slice(0, 19)}Z`;
  const others = kept.filter(taint => taint !== present);
  return [
    ...others,
    { key: taintKeys.unschedulable, value: condition.reason, effect: 'NoSchedule', timeAdded },
  ];
}

function without(taints: readonly Taint[], drop: (taint: Taint) => boolean): readonly Taint[] {
  return taints.some(drop) ? taints.filter(taint => !drop(taint)) : taints;
}

const twelveHoursMs = 12 * 3_600_000;

/**
 * Whether ServiceAccount clusternet-bootstrap should exist: not once the cluster has joined, and again when it has been away so long
 * that its credential may have run out. Undefined leaves things as they are, until `askAgainMs` when given.
 */
export function bootstrapWanted(
  cluster: ManagedCluster,
  connection: Connection,
  now: Date,
): { readonly wanted?: boolean; readonly askAgainMs?: number } {
  if (connection.state === 'connected') return { wanted: false };
  const ready = findCondition(cluster.status?.conditions, 'Ready');
  if (connection.state !== 'lost' || ready === undefined || ready.status === 'True') return {};
  const awayMs = now.getTime() - Date.parse(ready.lastTransitionTime);
  return awayMs >= twelveHoursMs ? { wanted: true } : { askAgainMs: twelveHoursMs - awayMs };
}
