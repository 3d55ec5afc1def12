import { isForbidden, isNotFound } from '../../kube/api-error.ts';
import { builtin } from '../../kube/builtin.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { CapiCluster } from '../capi/cluster.ts';
import type { AcceptedKubeconfig } from '../capi/kubeconfig.ts';
import { kubeconfigSecretName, readKubeconfigSecret } from '../capi/kubeconfig-secret.ts';
import { Blocked } from './blocked.ts';
import { Child } from './child.ts';
import type { Progress } from './progress.ts';
import { unreachability } from './reachability.ts';

/** Longest time one visit to a child may take: with 20 workers and a look every five minutes, 400 children can hang before others wait. */
const visitMs = 15_000;

/** How a child is opened; tests put another way in its place. */
export type OpenChild = (kubeconfig: AcceptedKubeconfig) => Child;

/** Does `work` in a workload cluster with the kubeconfig that Cluster API keeps for it, and tells in the conditions how far we got. */
export async function visitChild<Result>(
  parent: KubeClient,
  cluster: CapiCluster,
  progress: Progress,
  work: (child: KubeClient, signal: AbortSignal) => Promise<Result>,
  signal: AbortSignal,
  open: OpenChild = Child.open,
): Promise<Result> {
  const kubeconfig = await readKubeconfigOf(parent, cluster, signal);
  progress.set(
    'KubeconfigAvailable',
    'True',
    'Accepted',
    'the kubeconfig of the cluster is usable',
  );
  await using child = open(kubeconfig);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(visitMs)]);
  try {
    const result = await work(child.client, limit);
    progress.set('ClusterReachable', 'True', 'Reachable', 'the API server of the cluster answers');
    return result;
  } catch (error) {
    throw signal.aborted ? error : explain(error, cluster);
  }
}

async function readKubeconfigOf(
  parent: KubeClient,
  cluster: CapiCluster,
  signal: AbortSignal,
): Promise<AcceptedKubeconfig> {
  const key = { namespace: cluster.namespace, name: kubeconfigSecretName(cluster) };
  const refuse = (reason: 'SecretNotFound' | 'SecretInvalid' | 'ExecNotAllowed', message: string) =>
    Blocked.by('KubeconfigAvailable', reason, message, 'network');
  try {
    const verdict = readKubeconfigSecret(await parent.get(builtin.secrets, key, signal), cluster);
    if (verdict.accepted) return verdict.accepted;
    throw refuse(verdict.reason, verdict.message);
  } catch (error) {
    if (isNotFound(error))
      throw refuse('SecretNotFound', `Secret ${key.name} does not exist yet; Cluster API makes it`);
    if (isForbidden(error))
      throw refuse('SecretNotFound', `Secret ${key.name} may not be read: ${error.message}`);
    throw error;
  }
}

/** Blocked steps know their own reason; the rest is the way to the child, or a fault of its answer, which is thrown on as it is. */
function explain(error: unknown, cluster: CapiCluster): unknown {
  if (error instanceof Blocked) return error;
  const why = unreachability(error);
  if (why === undefined) return error;
  const also = cluster.connectionLost ? `; Cluster API says: ${cluster.connectionLost}` : '';
  return Blocked.by('ClusterReachable', why.reason, why.message + also, 'network', {
    cause: error,
  });
}
