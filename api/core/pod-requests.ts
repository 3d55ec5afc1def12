import {
  addAmounts,
  amountsOf,
  largerAmounts,
  type ResourceAmounts,
  type ResourceList,
} from './resource-amounts.ts';

interface Resources {
  readonly requests?: ResourceList;
  readonly limits?: ResourceList;
}

interface RequestingContainer {
  readonly resources?: Resources;
  /** `Always` makes an init container a sidecar. */
  readonly restartPolicy?: string;
}

/** What of a core/v1 PodSpec says how much room the pod needs. */
export interface RequestingPodSpec {
  readonly containers: readonly RequestingContainer[];
  readonly initContainers?: readonly RequestingContainer[];
  /** Requests of the pod as a whole. */
  readonly resources?: Resources;
  /** What the runtime of the pod takes for itself. */
  readonly overhead?: ResourceList;
}

const nothing: ResourceAmounts = new Map();

/**
 * What a node must have free for the pod, as kube-scheduler counts it: all that runs side by side, or the most that
 * any init container needs together with the sidecars started before it, whichever is more of each resource; cpu,
 * memory and huge pages of the pod as a whole in their place where it states them; and the overhead.
 */
export function podRequests(spec: RequestingPodSpec): ResourceAmounts {
  let sidecars = nothing;
  let starting = nothing;
  for (const container of spec.initContainers ?? []) {
    const needed = addAmounts(sidecars, requestsOf(container.resources));
    starting = largerAmounts(starting, needed);
    if (container.restartPolicy === 'Always') sidecars = needed;
  }
  const running = spec.containers
    .map(container => requestsOf(container.resources))
    .reduce(addAmounts, sidecars);
  const { requests, limits } = spec.resources ?? {};
  const total = new Map([
    ...podLevel(limits),
    ...largerAmounts(running, starting),
    ...podLevel(requests),
  ]);
  return spec.overhead === undefined ? total : addAmounts(total, amountsOf(spec.overhead));
}

/** The API server puts a limit in the place of an absent request; templates that it has not seen have it still to come. */
function requestsOf({ requests, limits }: Resources = {}): ResourceAmounts {
  return amountsOf({ ...limits, ...requests });
}

/** What of a list a pod can state as a whole. */
function podLevel(list: ResourceList | undefined) {
  return [...amountsOf(list)].filter(
    ([resource]) =>
      resource === 'cpu' || resource === 'memory' || resource.startsWith('hugepages-'),
  );
}
