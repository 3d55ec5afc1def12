import type { Pod } from '../../kube/builtin-kinds.ts';

/** Labels of the pods that may tell a range on their command line, in the order in which they are believed. */
const apiServers = labelled(['kube-apiserver']);
const controllerManagers = labelled(['kube-controller-manager']);
const proxies = ['k8s-app=kube-proxy'];

/** Label selectors of all pods that are worth reading. */
export const networkPodSelectors: readonly string[] = [
  ...apiServers,
  ...controllerManagers,
  ...proxies,
];

export interface NetworkRanges {
  readonly clusterCIDR?: string;
  readonly serviceCIDR?: string;
}

/** The address ranges that system pods were told on their command lines, else those of the agent's environment. */
export function networkRanges(
  podsOf: (selector: string) => readonly Pod[],
  environment: Readonly<Record<string, string | undefined>>,
): NetworkRanges {
  const find = (flag: string, selectors: readonly string[]) =>
    selectors
      .flatMap(podsOf)
      .map(pod => flagOfPod(pod, flag))
      .find(value => value !== undefined);
  const service =
    find('--service-cluster-ip-range', [...apiServers, ...controllerManagers]) ??
    environment.SERVICE_CIDR;
  const cluster =
    find('--cluster-cidr', [...controllerManagers, ...proxies]) ?? environment.CLUSTER_CIDR;
  return {
    ...(cluster ? { clusterCIDR: cluster } : {}),
    ...(service ? { serviceCIDR: service } : {}),
  };
}

function labelled(components: readonly string[]): string[] {
  return components.flatMap(name => [`component=${name}`, `app.kubernetes.io/component=${name}`]);
}

function flagOfPod(pod: Pod, flag: string): string | undefined {
  for (const { command = [], args = [] } of pod.spec?.containers ?? []) {
    // A shell's `-c` argument holds a whole command line.
    const words = [...command, ...args].flatMap(argument => argument.split(/\s+/));
    const value = flagIn(words, flag);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** Flags are written `--flag=value` or as two words. */
function flagIn(words: readonly string[], flag: string): string | undefined {
  const joined = words.find(word => word.startsWith(`${flag}=`));
  if (joined !== undefined) return joined.slice(flag.length + 1) || undefined;
  const index = words.indexOf(flag);
  const next = index < 0 ? undefined : words[index + 1];
  return next === undefined || next.startsWith('-') ? undefined : next;
}
