import type { ClusterRegistrationRequest } from '../../api/clusters/cluster-registration-request.ts';
import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import {
  isCredentialSigned,
  isSamePublicKey,
  type SocketCredentialSpec,
} from '../../api/proxies/socket-credential.ts';
import { annotations, namesFor, serviceAccounts } from '../../api/well-known.ts';
import { keyFingerprint } from './key-fingerprint.ts';

export type CredentialVerdict =
  | { readonly kind: 'refuse'; readonly code: 403 | 404 | 409; readonly message: string }
  /** `pin` says where the key has still to be written down before the credential may be given. */
  | {
      readonly kind: 'issue';
      readonly cluster: ManagedCluster;
      readonly pin: readonly ('request' | 'cluster')[];
    };

export interface CredentialCase {
  readonly clusterId: string;
  /** Kubernetes user name of the caller. */
  readonly caller: string;
  readonly spec: SocketCredentialSpec;
  readonly request: ClusterRegistrationRequest | undefined;
  readonly cluster: ManagedCluster | undefined;
}

/** Decides whether the caller gets the credential of a cluster: the registration is approved, signed for, and pinned to its key. */
export function judgeCredential(credentialCase: CredentialCase): CredentialVerdict {
  const { clusterId, spec, request, cluster } = credentialCase;
  const name = namesFor.registrationRequest(clusterId);
  if (request === undefined) {
    return refuse(404, `There is no ClusterRegistrationRequest ${name}; create it first.`);
  }
  if (request.status?.result === 'Denied') {
    return refuse(403, `${name} was denied: ${request.status.errorMessage ?? 'no reason given'}`);
  }
  if (request.status?.result !== 'Approved' || cluster === undefined) {
    return refuse(409, `${name} is not approved yet; ask again when status.result is Approved.`);
  }
  if (cluster.metadata.deletionTimestamp !== undefined) {
    return refuse(403, `Cluster ${clusterId} is leaving; join again when it has left.`);
  }
  const subject = { clusterId, crrUid: request.metadata.uid ?? '' };
  if (!isCredentialSigned(spec, subject)) {
    return refuse(
      403,
      `spec.signature is not a signature by spec.publicKey over this cluster id, the UID of ${name} ` +
        `(${subject.crrUid}), spec.timestamp and spec.nonce.`,
    );
  }
  return judgeKey(credentialCase, request, cluster);
}

function judgeKey(
  { clusterId, caller, spec }: CredentialCase,
  request: ClusterRegistrationRequest,
  cluster: ManagedCluster,
): CredentialVerdict {
  const inRequest = request.spec.publicKey;
  const inCluster = cluster.metadata.annotations?.[annotations.agentKey];
  const otherKey =
    (inRequest !== undefined && !isSamePublicKey(inRequest, spec.publicKey)) ||
    (inCluster !== undefined && inCluster !== keyFingerprint(spec.publicKey));
  if (otherKey) {
    return refuse(
      403,
      `Cluster ${clusterId} has joined with another key than spec.publicKey. If its agent was really set up anew, let the old ` +
        'registration leave first: delete its ManagedCluster in the parent, then join again.',
    );
  }
  const { namespace = '' } = cluster.metadata;
  if (inRequest === undefined && inCluster === undefined && !mayPin(caller, namespace)) {
    return refuse(
      403,
      `The first credential of a registration without spec.publicKey is given to ServiceAccount ${namespace}/` +
        `${serviceAccounts.bootstrap} only; create the request with spec.publicKey, or use that account's token.`,
    );
  }
  const pin = [
    ...(inRequest === undefined ? (['request'] as const) : []),
    ...(inCluster === undefined ? (['cluster'] as const) : []),
  ];
  return { kind: 'issue', cluster, pin };
}

/** Whoever may ask first decides the key for good, so it must be somebody who was given the right to just this cluster. */
function mayPin(caller: string, namespace: string): boolean {
  return caller === `system:serviceaccount:${namespace}:${serviceAccounts.bootstrap}`;
}

function refuse(code: 403 | 404 | 409, message: string): CredentialVerdict {
  return { kind: 'refuse', code, message };
}
