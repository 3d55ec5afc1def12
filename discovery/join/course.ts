import { findCondition, isTrue } from '../../api/conditions.ts';
import type { DiscoveredCluster } from '../../api/discovery/discovered-cluster.ts';
import { finalizers } from '../../api/well-known.ts';
import { type CapiCluster, capiNames } from '../capi/cluster.ts';
import type { ClusterSight } from '../capi/cluster-watch.ts';
import type { Selection } from '../capi/selection.ts';
import type { reasons } from './reasons.ts';

/** What discovery knows when it decides about one cluster. */
export interface Situation {
  readonly discovered: DiscoveredCluster;
  readonly cluster: ClusterSight;
  /** Undefined when there is no Cluster to select. */
  readonly selection: Selection | undefined;
  /** What the policy that selected the cluster says of clusters it no longer selects; Retain when that policy is gone. */
  readonly onUnselect: 'Detach' | 'Retain';
  readonly gracePeriodMs: number;
  /** The guard against mass removal lets this one pass; asked only when its removal is due. */
  readonly isRemovalAllowed: () => boolean;
  readonly now: number;
}

type SelectedReason = (typeof reasons.Selected)[number];

/** The one thing to do next with a cluster, and why. */
export type Course =
  /** Bring it in, or keep it in. */
  | { readonly do: 'join' }
  /** It is not wanted and nothing of ours exists. */
  | { readonly do: 'ignore'; readonly reason: SelectedReason; readonly message: string }
  /** Change nothing until the cluster is unpaused, or Cluster API is back. */
  | { readonly do: 'freeze'; readonly why: 'Paused' | 'ClusterAPIUnavailable' }
  /** No longer wanted, but kept: by policy, for the grace period, or by the guard. */
  | {
      readonly do: 'keep';
      readonly reason: SelectedReason;
      readonly message: string;
      readonly untilMs?: number;
    }
  /** Take the agent out of the living cluster, then sign it off on the parent. */
  | { readonly do: 'detach'; readonly reason: SelectedReason; readonly message: string }
  /** The cluster is gone or going: sign it off on the parent, ask nothing of it. */
  | { readonly do: 'leave' }
  /** The Cluster was made anew under the same name: only the child itself can tell whether it is the same one. */
  | { readonly do: 'compare' }
  /** Let go of this object without touching anything else. */
  | { readonly do: 'forget' };

/** How long a missing Cluster must stay missing, so that the guard counts all that went missing together. */
const settleMs = 10_000;

/** Decides about one cluster. Recorded deletions are followed at once, inferred removals only after a grace period and past the guard. */
export function decideCourse(situation: Situation): Course {
  const { discovered, cluster } = situation;
  if (discovered.metadata.deletionTimestamp !== undefined) return whenObjectIsDeleted(situation);
  if (cluster === 'unknown') return { do: 'freeze', why: 'ClusterAPIUnavailable' };
  if (cluster === 'deleted') return { do: isHeld(discovered) ? 'leave' : 'forget' };
  if (cluster === 'gone') return whenClusterIsGone(situation);
  if (cluster.paused || (cluster.deleting && cluster.movedAway))
    return { do: 'freeze', why: 'Paused' };
  if (isAnother(discovered, cluster)) return whenClusterIsAnother(situation, cluster);
  if (cluster.deleting) return { do: 'leave' };
  if (discovered.spec.detached === true) return whenUserDetached(discovered);
  return situation.selection?.selected === false
    ? whenUnselected(situation, situation.selection)
    : { do: 'join' };
}

/** Decides about the parent as its own child: there is no Cluster behind it, and no guard, since it is one. */
export function decideSelfCourse(discovered: DiscoveredCluster, joinSelf: boolean): Course {
  if (discovered.metadata.deletionTimestamp !== undefined) return { do: 'forget' };
  const unwanted = selfUnwanted(discovered, joinSelf);
  if (unwanted === undefined) return { do: 'join' };
  return { do: discovered.spec.clusterID === undefined ? 'ignore' : 'detach', ...unwanted };
}

function selfUnwanted(
  { spec }: DiscoveredCluster,
  joinSelf: boolean,
): { reason: SelectedReason; message: string } | undefined {
  if (spec.detached === true)
    return { reason: 'Detached', message: 'spec.detached keeps it out; unset it to join again' };
  if (joinSelf) return undefined;
  return { reason: 'NotOptedIn', message: 'HubConnection default says joinSelf: false' };
}

/** Whether anything of ours exists for the cluster outside this object. */
export function isHeld(discovered: DiscoveredCluster): boolean {
  return discovered.metadata.finalizers?.includes(finalizers.discovery) === true;
}

/**
 * Whether its removal is written down. An inferred one is before anything is done: then it is finished also after a restart, whatever
 * the guard would say by then.
 */
export function hasBegun({ status }: DiscoveredCluster): boolean {
  return isTrue(status?.conditions, 'Deleting');
}

/** Whether `clusterctl move` is taking the object to another management cluster. */
export function isMoving({ metadata }: DiscoveredCluster): boolean {
  return capiNames.deleteForMoveAnnotation in (metadata.annotations ?? {});
}

/** Our own object is on its way out: because its Cluster is, because it moves, or because somebody deleted it by hand. */
function whenObjectIsDeleted(situation: Situation): Course {
  const { discovered, cluster } = situation;
  if (isMoving(discovered) || !isHeld(discovered)) return { do: 'forget' };
  if (cluster === 'unknown') return { do: 'freeze', why: 'ClusterAPIUnavailable' };
  if (cluster === 'deleted') return { do: 'leave' };
  if (cluster === 'gone')
    return hasBegun(discovered) ? { do: 'leave' } : whenClusterIsGone(situation);
  if (cluster.paused || cluster.movedAway) return { do: 'freeze', why: 'Paused' };
  if (isAnother(discovered, cluster)) return whenClusterIsAnother(situation, cluster);
  return cluster.deleting ? { do: 'leave' } : { do: 'forget' };
}

/** Nobody told us that it was deleted: it may have been while we were not looking, or a backup brought back only half. */
function whenClusterIsGone(situation: Situation): Course {
  const { discovered } = situation;
  const message = 'its Cluster no longer exists';
  if (!isHeld(discovered)) return { do: 'forget' };
  if (discovered.spec.detached === true) return { do: 'leave' };
  const held = holdRemoval({ ...situation, gracePeriodMs: settleMs }, 'ClusterGone', message);
  return held ?? { do: 'leave' };
}

/** The old Cluster is certainly deleted; a new one with a working control plane may still be the same child, moved or restored. */
function whenClusterIsAnother({ discovered }: Situation, cluster: CapiCluster): Course {
  if (!isHeld(discovered)) return { do: 'forget' };
  return cluster.controlPlaneInitialized ? { do: 'compare' } : { do: 'leave' };
}

/** `clusterctl move` rebuilds owner references for the new UID, and then this is still the same Cluster. */
function isAnother(discovered: DiscoveredCluster, cluster: CapiCluster): boolean {
  const known = discovered.spec.clusterRef?.uid;
  if (known === undefined || known === cluster.uid) return false;
  return !(discovered.metadata.ownerReferences ?? []).some(owner => owner.uid === cluster.uid);
}

function whenUserDetached(discovered: DiscoveredCluster): Course {
  const message = 'spec.detached keeps it out; unset it to join again';
  return { do: isHeld(discovered) ? 'detach' : 'ignore', reason: 'Detached', message };
}

function whenUnselected(
  situation: Situation,
  { reason, message }: Extract<Selection, { selected: false }>,
): Course {
  if (!isHeld(situation.discovered)) return { do: 'ignore', reason, message };
  if (situation.onUnselect === 'Retain')
    return { do: 'keep', reason, message: `${message}; it stays joined (onUnselect: Retain)` };
  return holdRemoval(situation, reason, message) ?? { do: 'detach', reason, message };
}

/** Why an inferred removal must wait; undefined when it is due. */
function holdRemoval(
  situation: Situation,
  reason: SelectedReason,
  message: string,
): Course | undefined {
  const { discovered, gracePeriodMs, isRemovalAllowed, now } = situation;
  const selected = findCondition(discovered.status?.conditions ?? [], 'Selected');
  const since = selected?.status === 'False' ? Date.parse(selected.lastTransitionTime) : now;
  const due = since + gracePeriodMs;
  if (now < due || selected?.status !== 'False')
    return {
      do: 'keep',
      reason,
      message: `${message}; it is removed after the grace period`,
      untilMs: due,
    };
  if (isRemovalAllowed()) return undefined;
  return {
    do: 'keep',
    reason: 'MassChange',
    message: `${message}; it is held because so many clusters would be removed at once: confirm it as condition MassChange of the policy says, or set spec.detached`,
  };
}
