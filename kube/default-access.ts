import type { ClusterAccess } from './cluster-access.ts';
import { accessInCluster, isInCluster } from './in-cluster-access.ts';
import { accessFromKubeconfig } from './kubeconfig-access.ts';

/** The access a component runs with: the kubeconfig its flag names, else its pod's own, else the user's kubeconfig. */
export async function defaultAccess(kubeconfigPath?: string): Promise<ClusterAccess> {
  if (kubeconfigPath) return accessFromKubeconfig({ path: kubeconfigPath });
  return isInCluster() ? accessInCluster() : accessFromKubeconfig();
}
