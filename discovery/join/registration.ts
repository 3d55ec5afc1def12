import type { ClusterRegistrationRequest } from '../../api/clusters/cluster-registration-request.ts';
import { annotations, labels, namesFor } from '../../api/well-known.ts';
import { Blocked } from './blocked.ts';

/** What a cluster asks the parent for. */
export interface Registration {
  readonly clusterId: string;
  /** `namespace/name` of the DiscoveredCluster, which are those of the Cluster. */
  readonly owner: string;
  readonly source: 'capi' | 'self';
  readonly clusterName: string;
  readonly clusterLabels: Readonly<Record<string, string>>;
  readonly takeover: 'Adopt' | 'Force' | undefined;
}

/** What to do about the request of a cluster, as it is in the parent. */
export type RequestVerdict =
  | { readonly do: 'create'; readonly request: ClusterRegistrationRequest }
  /** It is nobody's, or that of a Cluster that is gone: write our name on it. */
  | { readonly do: 'claim' }
  /** It was made by hand and is left so: we follow, and change nothing in the cluster. */
  | { readonly do: 'follow'; readonly managedCluster: ManagedClusterRef }
  | { readonly do: 'proceed'; readonly managedCluster: ManagedClusterRef };

export interface ManagedClusterRef {
  readonly namespace: string;
  readonly name: string;
}

/** Judges the request by who owns it and what the parent answered; throws Blocked when joining cannot go on. */
export function judgeRequest(
  request: ClusterRegistrationRequest | undefined,
  wanted: Registration,
  ownerExists: (owner: string) => boolean,
): RequestVerdict {
  if (request === undefined) return { do: 'create', request: newRequest(wanted) };
  const owner = request.metadata.annotations?.[annotations.discoveryOwner];
  if (owner === wanted.owner) return { do: 'proceed', managedCluster: answerOf(request) };
  if (owner === undefined)
    return wanted.takeover === undefined
      ? { do: 'follow', managedCluster: answerOf(request) }
      : { do: 'claim' };
  if (!ownerExists(owner)) return { do: 'claim' };
  throw Blocked.by(
    'Registered',
    'ClusterIDInUse',
    `${owner} has joined as the same cluster (${wanted.clusterId}); delete one of the two Clusters, or detach ${owner}`,
    'refusal',
  );
}

/** The ManagedCluster that the parent made; throws Blocked as long as there is none. */
function answerOf({ metadata, status }: ClusterRegistrationRequest): ManagedClusterRef {
  if (status?.result === 'Approved' && status.dedicatedNamespace && status.managedClusterName)
    return { namespace: status.dedicatedNamespace, name: status.managedClusterName };
  if (status?.result === 'Denied' || status?.result === 'Failed') {
    const why = status.errorMessage ?? 'no reason given';
    throw Blocked.by(
      'Registered',
      'Denied',
      `the parent refuses ${metadata.name}: ${why}`,
      'refusal',
    );
  }
  throw Blocked.by(
    'Registered',
    'ApprovalPending',
    `ClusterRegistrationRequest ${metadata.name} waits to be approved by the parent`,
    'approval',
  );
}

function newRequest(wanted: Registration): ClusterRegistrationRequest {
  return {
    apiVersion: 'clusters.clusternet.io/v1beta1',
    kind: 'ClusterRegistrationRequest',
    metadata: {
      name: namesFor.registrationRequest(wanted.clusterId),
      ...ownership(wanted),
    },
    spec: {
      clusterId: wanted.clusterId,
      clusterType: 'StandardCluster',
      clusterName: wanted.clusterName,
      clusterLabels: wanted.clusterLabels,
      syncMode: 'Pull',
    },
  };
}

/** What marks a request as made for a DiscoveredCluster. */
export function ownership({ clusterId, owner, source, clusterName }: Registration) {
  return {
    labels: {
      [labels.registeredBy]: 'clusternet-discovery',
      [labels.discoverySource]: source,
      [labels.clusterId]: clusterId,
      [labels.clusterName]: clusterName,
    },
    annotations: { [annotations.discoveryOwner]: owner },
  };
}
