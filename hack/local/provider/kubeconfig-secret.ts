import type { ObjectMeta } from '../../../api/kube-object.ts';
import { apiVersionOf } from '../../../api/resource.ts';
import type { Secret } from '../../../kube/builtin-kinds.ts';
import { type LocalControlPlane, localControlPlanes } from './local-control-plane.ts';

/** The Secret by which Cluster API and everyone else reach a cluster, as the control plane contract wants it. */
export function kubeconfigSecret(
  clusterName: string,
  owner: LocalControlPlane,
  kubeconfig: string,
): Secret {
  const metadata: ObjectMeta = {
    name: `${clusterName}-kubeconfig`,
    labels: { 'cluster.x-k8s.io/cluster-name': clusterName },
    ...(owner.metadata.namespace && { namespace: owner.metadata.namespace }),
    ownerReferences: [
      {
        apiVersion: apiVersionOf(localControlPlanes),
        kind: localControlPlanes.kind,
        name: owner.metadata.name ?? '',
        uid: owner.metadata.uid ?? '',
        controller: true,
      },
    ],
  };
  const data = { value: Buffer.from(kubeconfig).toString('base64') };
  return { apiVersion: 'v1', kind: 'Secret', metadata, type: 'cluster.x-k8s.io/secret', data };
}
