import type { KubeObject } from '../../api/kube-object.ts';
import { type CapiCluster, capiNames } from './cluster.ts';
import { textAt } from './fields.ts';
import { type KubeconfigVerdict, readKubeconfig } from './kubeconfig.ts';

/** The name of the Secret in which Cluster API keeps the kubeconfig of a cluster (control plane contract). */
export function kubeconfigSecretName(cluster: Pick<CapiCluster, 'name'>): string {
  return `${cluster.name}-kubeconfig`;
}

/**
 * Accepts the kubeconfig Secret of a Cluster only when it is recognisably Cluster API's: whoever may create Secrets in a namespace must
 * not be able to make us join a cluster of their choice under another's name.
 */
export function readKubeconfigSecret(secret: KubeObject, cluster: CapiCluster): KubeconfigVerdict {
  const owner = textAt(secret, 'metadata', 'labels', capiNames.clusterNameLabel);
  if (owner !== cluster.name)
    return refuse(secret, `label ${capiNames.clusterNameLabel} must be ${cluster.name}`);
  if (textAt(secret, 'type') !== capiNames.secretType && !isOwnedByControlPlane(secret, cluster))
    return refuse(
      secret,
      `its type must be ${capiNames.secretType}, or the control plane of the Cluster must own it`,
    );
  const value = textAt(secret, 'data', 'value');
  if (value === undefined) return refuse(secret, 'key `value` is missing or empty');
  return readKubeconfig(Buffer.from(value, 'base64').toString('utf8'));
}

/** Some control plane providers write Secrets of type Opaque; their owner reference tells that they are genuine. */
function isOwnedByControlPlane(secret: KubeObject, { controlPlane }: CapiCluster): boolean {
  if (controlPlane === undefined) return false;
  return (secret.metadata.ownerReferences ?? []).some(
    reference =>
      reference.apiVersion.split('/')[0] === controlPlane.group &&
      reference.kind === controlPlane.kind &&
      reference.name === controlPlane.name,
  );
}

function refuse(secret: KubeObject, cause: string): KubeconfigVerdict {
  return {
    reason: 'SecretInvalid',
    message: `Secret ${secret.metadata.name} is refused: ${cause}`,
  };
}
