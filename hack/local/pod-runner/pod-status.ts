import type { ContainerState, ContainerStatus, Pod, PodCondition, PodStatus } from './pod.ts';

/** What the runner knows about one container. */
export interface ContainerFacts {
  readonly name: string;
  readonly image: string;
  readonly state: ContainerState;
  readonly lastState?: ContainerState | undefined;
  readonly containerID?: string | undefined;
  readonly started: boolean;
  readonly ready: boolean;
  readonly restartCount: number;
}

/** What the runner knows about a pod. */
export interface PodFacts {
  readonly hostIP: string;
  readonly podIP: string;
  readonly startTime: string;
  readonly containers: readonly ContainerFacts[];
}

/** The status a kubelet would report; conditions that other programs set are kept. */
export function podStatus(pod: Pod, facts: PodFacts, now: string): PodStatus {
  const { hostIP, podIP, startTime } = facts;
  return {
    phase: phaseOf(facts.containers, pod.spec.restartPolicy),
    hostIP,
    podIP,
    podIPs: [{ ip: podIP }],
    startTime,
    conditions: conditionsOf(pod, facts.containers, now),
    containerStatuses: facts.containers.map(containerStatus),
  };
}

/** The phase by the rules of Kubernetes: a pod that will restart a container is running even between two runs. */
export function phaseOf(
  containers: readonly Pick<ContainerFacts, 'state' | 'lastState'>[],
  restartPolicy: Pod['spec']['restartPolicy'] = 'Always',
): NonNullable<PodStatus['phase']> {
  const states = containers.map(({ state }) => state);
  if (containers.some(({ state, lastState }) => state.waiting && !lastState?.terminated)) {
    return 'Pending';
  }
  if (restartPolicy === 'Always' || states.some(({ terminated }) => !terminated)) return 'Running';
  const failed = states.some(({ terminated }) => terminated?.exitCode !== 0);
  if (!failed) return 'Succeeded';
  return restartPolicy === 'Never' ? 'Failed' : 'Running';
}

function conditionsOf(
  pod: Pod,
  containers: readonly ContainerFacts[],
  now: string,
): PodCondition[] {
  const old = pod.status?.conditions ?? [];
  const done = containers.every(({ state }) => state.terminated);
  const unready = containers.filter(({ ready }) => !ready).map(({ name }) => name);
  const why =
    unready.length === 0
      ? {}
      : done
        ? { reason: 'PodCompleted' }
        : {
            reason: 'ContainersNotReady',
            message: `containers with unready status: [${unready.join(' ')}]`,
          };
  const ready = unready.length === 0 ? 'True' : 'False';
  const wanted: Omit<PodCondition, 'lastTransitionTime'>[] = [
    { type: 'PodReadyToStartContainers', status: done ? 'False' : 'True' },
    { type: 'Initialized', status: 'True' },
    { type: 'Ready', status: ready, ...why },
    { type: 'ContainersReady', status: ready, ...why },
    { type: 'PodScheduled', status: 'True' },
  ];
  const others = old.filter(({ type }) => !wanted.some(condition => condition.type === type));
  const ours = wanted.map(condition => {
    const before = old.find(({ type }) => type === condition.type);
    const same = before?.status === condition.status;
    return { ...condition, lastTransitionTime: same ? before.lastTransitionTime : now };
  });
  return [...ours, ...others];
}

function containerStatus(facts: ContainerFacts): ContainerStatus {
  const { containerID, lastState, ...rest } = facts;
  return {
    ...rest,
    imageID: '',
    ...(containerID && { containerID }),
    ...(lastState && { lastState }),
  };
}
