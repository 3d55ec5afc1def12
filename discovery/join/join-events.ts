import { findCondition } from '../../api/conditions.ts';
import type { Condition } from '../../api/kube-object.ts';
import type { ConditionType } from './reasons.ts';

/** Something worth telling about a cluster. */
export interface JoinEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

interface Milestone {
  readonly condition: ConditionType;
  readonly became: Condition['status'];
  /** Only when the condition said this before. */
  readonly after?: string;
  readonly event: string;
}

/** What people follow: each condition that turns, by the name of what happened. The first match counts. */
const milestones: readonly Milestone[] = [
  { condition: 'Selected', became: 'True', event: 'ClusterSelected' },
  { condition: 'Selected', became: 'False', event: 'ClusterUnselected' },
  { condition: 'Registered', became: 'True', event: 'PreRegistered' },
  { condition: 'BootstrapCredentialIssued', became: 'True', event: 'BootstrapTokenIssued' },
  { condition: 'AgentApplied', became: 'True', event: 'AgentApplied' },
  { condition: 'Connected', became: 'True', after: 'Disconnected', event: 'Reconnected' },
  { condition: 'Connected', became: 'True', event: 'Joined' },
  { condition: 'Deleting', became: 'True', event: 'Leaving' },
  { condition: 'Paused', became: 'True', event: 'Paused' },
];

/** The events between two states of a cluster: milestones, and a warning for each new obstacle. */
export function joinEvents(
  before: readonly Condition[],
  after: readonly Condition[],
): readonly JoinEvent[] {
  const events: JoinEvent[] = [];
  for (const condition of after) {
    const old = findCondition(before, condition.type);
    const milestone = milestones.find(candidate => isReached(candidate, old, condition));
    if (milestone !== undefined)
      events.push({ type: 'Normal', reason: milestone.event, message: condition.message });
    else if (isNewObstacle(old, condition))
      events.push({ type: 'Warning', reason: condition.reason, message: condition.message });
  }
  return events;
}

function isReached(milestone: Milestone, old: Condition | undefined, now: Condition): boolean {
  if (milestone.condition !== now.type || milestone.became !== now.status) return false;
  if (old?.status === now.status) return false;
  return milestone.after === undefined || milestone.after === old?.reason;
}

/** Waiting is no obstacle: everything waits for something at first. */
const waiting = new Set([
  'WaitingForControlPlane',
  'WaitingForAgent',
  'ApprovalPending',
  'NotDeleting',
  'NotPaused',
]);

function isNewObstacle(old: Condition | undefined, now: Condition): boolean {
  if (now.type === 'Ready' || now.status !== 'False') return false;
  return old?.reason !== now.reason && !waiting.has(now.reason);
}
