import type { DiscoveredClusterPhase } from '../../api/discovery/discovered-cluster.ts';
import type { Course } from './course.ts';
import type { Progress } from './progress.ts';
import { type ConditionType, negativeConditions, reasons } from './reasons.ts';

/** How far a cluster is, in one word for people; nothing is ever decided by it. */
export function phaseOf(course: Course, progress: Progress): DiscoveredClusterPhase {
  switch (course.do) {
    case 'ignore':
      return 'Ignored';
    case 'detach':
      return 'Detaching';
    case 'leave':
      return progress.isTrue('Deleting') ? 'Leaving' : joiningPhase(progress);
    case 'forget':
      return 'Leaving';
    case 'freeze':
      return course.why === 'Paused' ? 'Paused' : joiningPhase(progress);
    default:
      return joiningPhase(progress);
  }
}

function joiningPhase(progress: Progress): DiscoveredClusterPhase {
  if (progress.isTrue('Connected')) return 'Joined';
  if (progress.hasJoined || progress.find('Connected')?.reason === 'Disconnected')
    return 'Degraded';
  if (progress.isTrue('AgentApplied')) return 'Joining';
  if (progress.isTrue('Registered')) return 'Bootstrapping';
  const canBegin = (
    ['ControlPlaneInitialized', 'HubReachable', 'KubeconfigAvailable'] as const
  ).every(type => progress.isTrue(type));
  return canBegin ? 'Preparing' : 'Waiting';
}

/** Sums the conditions up in Ready. A connected cluster is ready whatever was found wrong on the way in: that way is not in use. */
export function summarise(course: Course, progress: Progress): void {
  const obstacle = firstObstacle(progress, ['Selected', 'Deleting', 'Paused']);
  if (obstacle === undefined && progress.isTrue('Connected')) {
    progress.set('Ready', 'True', 'Joined', 'the cluster is joined and connected');
    return;
  }
  const first = obstacle ?? firstObstacle(progress, conditionOrder);
  if (first !== undefined) progress.put('Ready', 'False', first.reason, first.message);
  else if (course.do === 'leave' || course.do === 'forget')
    progress.set('Ready', 'False', 'Leaving', 'the cluster is being signed off');
}

const conditionOrder = (Object.keys(reasons) as ConditionType[]).filter(type => type !== 'Ready');

function firstObstacle(progress: Progress, types: readonly ConditionType[]) {
  return types
    .map(type => progress.find(type))
    .find(condition => condition !== undefined && !isGood(condition));
}

function isGood({ type, status }: { type: string; status: string }): boolean {
  return negativeConditions.includes(type as ConditionType)
    ? status === 'False'
    : status === 'True';
}
