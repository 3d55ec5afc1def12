import type { ClusterRegistrationRequest } from '../../api/clusters/cluster-registration-request.ts';
import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import { annotations, creators, labels, namesFor } from '../../api/well-known.ts';
import type { Namespace } from '../../kube/builtin-kinds.ts';
import { keyFingerprint } from '../credential/key-fingerprint.ts';
import { malformedLabels } from './malformed-labels.ts';

/** Whether every request is approved that is well-formed, or only those an administrator sets to Approved. */
export type ApprovalMode = 'auto' | 'manual';

export type RegistrationVerdict =
  /** Nothing to do, now or until something changes. */
  | { readonly kind: 'nothing'; readonly why: string }
  | { readonly kind: 'deny'; readonly message: string }
  /** Whoever made it wants it no more, and nothing has been made for it. */
  | { readonly kind: 'withdraw'; readonly reason: string }
  | { readonly kind: 'approve'; readonly namespace: string; readonly clusterName: string };

/** What the hub knows about the cluster that asks. */
export interface KnownCluster {
  /** The ManagedCluster with this cluster id, wherever it is. */
  readonly managedCluster: ManagedCluster | undefined;
  /** The namespace of the name that `dedicatedNamespaceOf` gives. */
  readonly namespace: Namespace | undefined;
}

/** The namespace that will stand for the cluster: where it is already, else the one asked for, else one named after its id. */
export function dedicatedNamespaceOf(
  request: ClusterRegistrationRequest,
  managedCluster: ManagedCluster | undefined,
): string {
  const { clusterId, clusterNamespace } = request.spec;
  return (
    managedCluster?.metadata.namespace ??
    (clusterNamespace || namesFor.dedicatedNamespace(clusterId.toLowerCase()))
  );
}

/** Decides about a request to join. Denied is final until an administrator clears status.result or the request is made anew. */
export function judgeRegistration(
  request: ClusterRegistrationRequest,
  known: KnownCluster,
  mode: ApprovalMode,
): RegistrationVerdict {
  const { metadata, spec, status } = request;
  const { managedCluster } = known;
  if (metadata.deletionTimestamp !== undefined) return nothing('the request is being deleted');
  const leave = metadata.annotations?.[annotations.leave];
  if (leave !== undefined && managedCluster === undefined)
    return { kind: 'withdraw', reason: leave };
  if (status?.result === 'Denied') return nothing('it was denied');
  if (managedCluster?.metadata.deletionTimestamp !== undefined) {
    return nothing('the cluster of this id is leaving; the request is answered when it has left');
  }
  const message = objection(request, known);
  if (message !== undefined) return { kind: 'deny', message };
  if (mode === 'manual' && status?.result !== 'Approved') {
    return nothing('an administrator has to set status.result to Approved');
  }
  return {
    kind: 'approve',
    namespace: dedicatedNamespaceOf(request, managedCluster),
    clusterName:
      managedCluster?.metadata.name ??
      (spec.clusterName || `clusternet-cluster-${spec.clusterId.slice(0, 5)}`),
  };
}

function nothing(why: string): RegistrationVerdict {
  return { kind: 'nothing', why };
}

/** What is wrong with the request, with the way out; undefined when nothing is. */
function objection(
  request: ClusterRegistrationRequest,
  { managedCluster, namespace }: KnownCluster,
): string | undefined {
  const { metadata, spec } = request;
  const { clusterId } = spec;
  if (metadata.name !== namesFor.registrationRequest(clusterId)) {
    return (
      `metadata.name is ${metadata.name}, but for cluster id ${clusterId} it must be ` +
      `${namesFor.registrationRequest(clusterId)}.`
    );
  }
  const pinned = managedCluster?.metadata.annotations?.[annotations.agentKey];
  if (
    pinned !== undefined &&
    spec.publicKey !== undefined &&
    keyFingerprint(spec.publicKey) !== pinned
  ) {
    return (
      `spec.publicKey is not the key that cluster ${clusterId} joined with. If its agent has really been set up anew, ` +
      `let the old registration leave first: kubectl delete managedcluster -n ${managedCluster?.metadata.namespace} ${managedCluster?.metadata.name}`
    );
  }
  return namespaceObjection(request, namespace, managedCluster) ?? labelObjection(request);
}

function namespaceObjection(
  { spec }: ClusterRegistrationRequest,
  namespace: Namespace | undefined,
  managedCluster: ManagedCluster | undefined,
): string | undefined {
  if (managedCluster !== undefined) return undefined;
  if (/^(kube|openshift)-/.test(spec.clusterNamespace ?? '')) {
    return `spec.clusterNamespace ${spec.clusterNamespace} is reserved for the platform; ask for another or leave it out.`;
  }
  if (namespace === undefined || isDedicatedTo(namespace, spec.clusterId)) return undefined;
  return (
    `Namespace ${namespace.metadata.name} exists and was not made for cluster ${spec.clusterId}; ` +
    'ask for another by spec.clusterNamespace (agent flag --cluster-reg-namespace).'
  );
}

/** Whether a namespace was made, by us or by upstream, to stand for this cluster. */
export function isDedicatedTo(namespace: Namespace, clusterId: string): boolean {
  const { [labels.createdBy]: creator, [labels.clusterId]: id } = namespace.metadata.labels ?? {};
  return id === clusterId && (Object.values(creators) as string[]).includes(creator ?? '');
}

function labelObjection({ spec }: ClusterRegistrationRequest): string | undefined {
  const malformed = malformedLabels(spec.clusterLabels ?? {});
  return malformed.length === 0
    ? undefined
    : `spec.clusterLabels cannot become labels: ${malformed.join('; ')}.`;
}
