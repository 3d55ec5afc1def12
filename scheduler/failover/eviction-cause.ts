import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import { findCondition } from '../../api/conditions.ts';
import { type Taint, type Toleration, tolerates } from '../../api/taint.ts';
import { taintKeys } from '../../api/well-known.ts';

/** Why a cluster is left. */
export type EvictionReason = 'NotReady' | 'Tainted';

/** Why a bound cluster is to be left, and from when on. */
export interface EvictionCause {
  readonly reason: EvictionReason;
  /** Milliseconds since the epoch; undefined when a toleration has seconds and its taint does not say since when it is there. */
  readonly dueAt: number | undefined;
}

/**
 * The cause that falls due first; undefined when the cluster may stay for ever. A NoExecute taint counts at once, or
 * from its timeAdded after the tolerationSeconds of whatever tolerates it, of which the fewest count. Not being ready
 * is tolerated for `graceMs`, unless a toleration of the taint `clusters.clusternet.io/unschedulable` says how long. A toleration
 * without seconds is for ever, whatever others say.
 */
export function evictionCause(
  { spec: { taints = [] }, status }: ManagedCluster,
  tolerations: readonly Toleration[],
  graceMs: number,
): EvictionCause | undefined {
  const ready = findCondition(status?.conditions, 'Ready');
  // Most clusters are well, and each is asked about in every decision.
  if (ready?.status === 'True' && taints.length === 0) return undefined;
  const causes = taints
    .filter(({ effect }) => effect === 'NoExecute')
    .flatMap(taint => dueAfter('Tainted', [taint], tolerations, taint.timeAdded, 0));
  if (ready && ready.status !== 'True' && ready.reason !== 'ClusterStatusNeverUpdated') {
    const marks = taints.filter(({ key }) => key === taintKeys.unschedulable);
    const mark = { key: taintKeys.unschedulable, value: ready.reason };
    const either = ['NoSchedule', 'NoExecute'].map(effect => ({ ...mark, effect }));
    // The taint is there without a break; the condition starts anew when Unknown becomes False.
    const since = marks.find(({ timeAdded }) => timeAdded)?.timeAdded ?? ready.lastTransitionTime;
    causes.push(...dueAfter('NotReady', either, tolerations, since, graceMs));
  }
  return causes.sort((a, b) => (a.dueAt ?? Infinity) - (b.dueAt ?? Infinity))[0];
}

/** When one is no longer tolerated that shows as any of these taints; empty for never. */
function dueAfter(
  reason: EvictionReason,
  taints: readonly Taint[],
  tolerations: readonly Toleration[],
  since: string | undefined,
  graceMs: number,
): EvictionCause[] {
  const covering = tolerations.filter(each => taints.some(taint => tolerates(each, taint)));
  const start = since === undefined ? Number.NaN : Date.parse(since);
  if (covering.length === 0 && graceMs === 0) return [{ reason, dueAt: 0 }];
  const seconds = covering.map(({ tolerationSeconds = Infinity }) =>
    Math.max(0, tolerationSeconds),
  );
  if (seconds.includes(Infinity)) return [];
  const tolerated = covering.length === 0 ? graceMs : Math.min(...seconds) * 1000;
  return [{ reason, dueAt: Number.isNaN(start) ? undefined : start + tolerated }];
}
