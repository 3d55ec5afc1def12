import type { Deployment, Pod } from '../../kube/builtin-kinds.ts';
import { listAt, textAt, valueAt } from '../capi/fields.ts';
import type { ReasonOf } from './reasons.ts';

export interface AgentHealth {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: ReasonOf<'AgentAvailable'>;
  readonly message: string;
}

/** How the agent does in the child, from its Deployment and Pods; a hint per cause, since nobody looks into the child first. */
export function agentHealth(deployment: Deployment | undefined, pods: readonly Pod[]): AgentHealth {
  if (deployment === undefined)
    return unhealthy('NotDeployed', 'the Deployment of the agent does not exist in the cluster');
  if (deployment.spec?.replicas === 0)
    return unhealthy(
      'NotDeployed',
      'the Deployment of the agent is scaled to 0 in the cluster: kubectl -n clusternet-system scale deployment clusternet-agent --replicas=1',
    );
  if ((deployment.status?.availableReplicas ?? 0) > 0)
    return { status: 'True', reason: 'Available', message: 'the agent runs' };
  return (
    refusedPods(deployment) ??
    firstOf(pods, waitingForImage) ??
    firstOf(pods, crashing) ??
    firstOf(pods, unscheduled) ?? {
      status: 'Unknown',
      reason: 'Progressing',
      message: 'the agent is starting',
    }
  );
}

/** Quotas, PodSecurity and webhooks refuse Pods, which only the Deployment tells. */
function refusedPods(deployment: Deployment): AgentHealth | undefined {
  const failure = listAt(deployment, 'status', 'conditions').find(
    condition =>
      textAt(condition, 'type') === 'ReplicaFailure' && textAt(condition, 'status') === 'True',
  );
  if (failure === undefined) return undefined;
  const why = textAt(failure, 'message') ?? 'no reason given';
  return unhealthy('AdmissionDenied', `the cluster refuses the Pod of the agent: ${why}`);
}

function waitingForImage(pod: Pod): AgentHealth | undefined {
  const waiting = waitingState(pod);
  const reason = textAt(waiting, 'reason') ?? '';
  if (
    !['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull'].includes(reason)
  )
    return undefined;
  const image = pod.spec?.containers[0]?.image ?? 'the image';
  return unhealthy(
    'ImagePull',
    `${image} cannot be pulled in the cluster (${reason}); set spec.agent.image or imagePullSecrets of the policy`,
  );
}

function crashing(pod: Pod): AgentHealth | undefined {
  const [container] = listAt(pod, 'status', 'containerStatuses');
  const restarts = valueAt(container, 'restartCount');
  if (typeof restarts !== 'number' || restarts === 0) return undefined;
  const exitCode = valueAt(container, 'lastState', 'terminated', 'exitCode');
  return unhealthy(
    'CrashLoop',
    `the agent keeps exiting with code ${exitCode ?? 'unknown'}; read its log: kubectl -n clusternet-system logs deploy/clusternet-agent --previous`,
  );
}

function unscheduled(pod: Pod): AgentHealth | undefined {
  const scheduled = listAt(pod, 'status', 'conditions').find(
    condition => textAt(condition, 'type') === 'PodScheduled',
  );
  if (textAt(scheduled, 'status') !== 'False') return undefined;
  return unhealthy(
    'Unschedulable',
    `no node takes the agent (${textAt(scheduled, 'message') ?? 'no node fits'}); see spec.agent.tolerations and nodeSelector of the policy`,
  );
}

function waitingState(pod: Pod): unknown {
  return listAt(pod, 'status', 'containerStatuses')
    .map(container => valueAt(container, 'state', 'waiting'))
    .find(waiting => waiting !== undefined);
}

function firstOf(
  pods: readonly Pod[],
  judge: (pod: Pod) => AgentHealth | undefined,
): AgentHealth | undefined {
  return pods.map(judge).find(health => health !== undefined);
}

function unhealthy(reason: AgentHealth['reason'], message: string): AgentHealth {
  return { status: 'False', reason, message };
}
