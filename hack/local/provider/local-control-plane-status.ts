import { setCondition } from '../../../api/conditions.ts';
import type { Condition } from '../../../api/kube-object.ts';
import type { LocalControlPlane, LocalControlPlaneStatus } from './local-control-plane.ts';

/** Where a control plane is on its way. */
export type ControlPlaneProgress =
  | { readonly state: 'paused' }
  | {
      readonly state: 'waiting';
      readonly reason: string;
      readonly message: string;
      /** Set when it runs and has its kubeconfig Secret, and waits for something else. */
      readonly version?: string;
    }
  | { readonly state: 'running'; readonly version: string };

/** The status that reports the progress; once initialized, a control plane stays so. */
export function controlPlaneStatus(
  { metadata, status = {} }: LocalControlPlane,
  progress: ControlPlaneProgress,
  now: Date,
): LocalControlPlaneStatus {
  const paused = pausedCondition(progress.state === 'paused', metadata.generation);
  const conditions = setCondition(status.conditions, paused, now);
  switch (progress.state) {
    case 'paused':
      return { ...status, conditions };
    case 'waiting': {
      const { reason, message, version } = progress;
      const booted = version === undefined ? {} : { version };
      return { ...status, ...booted, conditions: available(conditions, 'False', reason, message) };
    }
    case 'running':
      return {
        initialization: { controlPlaneInitialized: true },
        version: progress.version,
        replicas: 1,
        readyReplicas: 1,
        availableReplicas: 1,
        upToDateReplicas: 1,
        conditions: available(conditions, 'True', 'Running', 'its API server is ready'),
      };
  }

  function available(
    before: readonly Condition[],
    value: Condition['status'],
    reason: string,
    message: string,
  ) {
    const condition = { type: 'Available', status: value, reason, message };
    return setCondition(before, { ...condition, ...generation(metadata.generation) }, now);
  }
}

/** The condition by which an object tells that it is, or is not, left alone. */
export function pausedCondition(
  paused: boolean,
  observedGeneration: number | undefined,
): Omit<Condition, 'lastTransitionTime'> {
  return {
    type: 'Paused',
    status: paused ? 'True' : 'False',
    reason: paused ? 'Paused' : 'NotPaused',
    message: paused ? 'nothing changes until the Cluster and this object are unpaused' : '',
    ...generation(observedGeneration),
  };
}

function generation(observedGeneration: number | undefined) {
  return observedGeneration === undefined ? {} : { observedGeneration };
}
