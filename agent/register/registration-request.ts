import type { ClusterRegistrationRequest } from '../../api/clusters/cluster-registration-request.ts';
import { isSamePublicKey } from '../../api/proxies/socket-credential.ts';
import { creators, labels, namesFor } from '../../api/well-known.ts';
import type { ClusterRequest } from './registration-settings.ts';

/** The registration of an agent that nobody announced, as it asks for it. */
export function newRegistrationRequest(
  clusterId: string,
  publicKey: string,
  wanted: ClusterRequest,
): ClusterRegistrationRequest {
  const { clusterName, clusterNamespace, clusterType, clusterLabels, syncMode } = wanted;
  return {
    apiVersion: 'clusters.clusternet.io/v1beta1',
    kind: 'ClusterRegistrationRequest',
    metadata: {
      name: namesFor.registrationRequest(clusterId),
      labels: {
        [labels.registeredBy]: creators.agent,
        [labels.clusterId]: clusterId,
        [labels.clusterName]: clusterName,
      },
    },
    spec: {
      clusterId,
      clusterName,
      clusterType,
      syncMode,
      clusterLabels: { ...clusterLabels },
      publicKey,
      ...(clusterNamespace === undefined ? {} : { clusterNamespace }),
    },
  };
}

export type RegistrationVerdict =
  | { readonly verdict: 'approved' }
  | { readonly verdict: 'pending' | 'failed' | 'denied' | 'key'; readonly message: string };

/** Whether the parent takes the cluster in, as its registration says. */
export function judgeRegistration(
  request: ClusterRegistrationRequest,
  publicKey: string,
): RegistrationVerdict {
  const name = request.metadata.name ?? '';
  const { result, errorMessage = 'no reason given' } = request.status ?? {};
  const pinned = request.spec.publicKey;
  if (result === 'Denied') {
    return {
      verdict: 'denied',
      message: `the parent denied ${name} (${errorMessage}); an administrator of the parent can delete it, then restart the agent`,
    };
  }
  if (pinned !== undefined && !isSamePublicKey(pinned, publicKey)) {
    return {
      verdict: 'key',
      message: `${name} is pinned to another key: if this agent lost its Secret parent-cluster, an administrator of the parent must delete ${name}`,
    };
  }
  if (result === 'Approved') return { verdict: 'approved' };
  if (result === 'Failed') return { verdict: 'failed', message: `${name}: ${errorMessage}` };
  return { verdict: 'pending', message: `${name} waits for the parent's approval` };
}
