import { type KeyObject, randomBytes } from 'node:crypto';
import {
  type ClusterRegistrationRequest,
  clusterRegistrationRequests,
} from '../../api/clusters/cluster-registration-request.ts';
import { ClusternetError } from '../../api/errors.ts';
import {
  publicKeyText,
  type SocketCredential,
  signCredential,
} from '../../api/proxies/socket-credential.ts';
import { namesFor } from '../../api/well-known.ts';
import { isAlreadyExists } from '../../kube/api-error.ts';
import { Backoff } from '../../kube/backoff.ts';
import type { KubeClient } from '../../kube/client.ts';
import { sleep } from '../../kube/sleep.ts';
import type { ParentCredential } from './parent-credential.ts';
import { judgeRegistration, newRegistrationRequest } from './registration-request.ts';
import type { ClusterRequest } from './registration-settings.ts';

/** Who joins. */
export interface Applicant {
  readonly clusterId: string;
  readonly key: KeyObject;
  readonly wanted: ClusterRequest;
}

/** How long approval is waited for before the wait is reported; it goes on after that. */
const patienceMs = 15_000;

/** Registers (unless discovery has done so), waits for approval and exchanges the bootstrap token for a credential. */
export async function join(
  parent: KubeClient,
  applicant: Applicant,
  signal: AbortSignal,
): Promise<ParentCredential> {
  const request = await untilApproved(parent, applicant, signal);
  return requestCredential(parent, applicant, request, signal);
}

/** Gets a fresh token by the present one. */
export async function renew(
  parent: KubeClient,
  applicant: Applicant,
  signal: AbortSignal,
): Promise<ParentCredential> {
  const name = namesFor.registrationRequest(applicant.clusterId);
  const request = await parent.get(clusterRegistrationRequests, { name }, signal);
  return requestCredential(parent, applicant, request, signal);
}

async function untilApproved(
  parent: KubeClient,
  applicant: Applicant,
  signal: AbortSignal,
): Promise<ClusterRegistrationRequest> {
  const backoff = new Backoff({ initialMs: 100, maxMs: 2_000 });
  const publicKey = publicKeyText(applicant.key);
  const startedAt = performance.now();
  for (;;) {
    const request = await findOrCreate(parent, applicant, publicKey, signal);
    const judged = judgeRegistration(request, publicKey);
    if (judged.verdict === 'approved') return request;
    if (judged.verdict !== 'pending')
      throw new ClusternetError(codes[judged.verdict], judged.message);
    if (performance.now() - startedAt > patienceMs) {
      throw new ClusternetError('CN_AGENT_REGISTRATION_PENDING', judged.message);
    }
    await sleep(backoff.next(), signal);
  }
}

const codes = {
  failed: 'CN_AGENT_REGISTRATION_FAILED',
  denied: 'CN_AGENT_REGISTRATION_DENIED',
  key: 'CN_AGENT_REGISTRATION_KEY',
} as const;

async function findOrCreate(
  parent: KubeClient,
  applicant: Applicant,
  publicKey: string,
  signal: AbortSignal,
): Promise<ClusterRegistrationRequest> {
  const name = namesFor.registrationRequest(applicant.clusterId);
  const known = await parent.find(clusterRegistrationRequests, { name }, signal);
  if (known !== undefined) return known;
  const request = newRegistrationRequest(applicant.clusterId, publicKey, applicant.wanted);
  try {
    return await parent.create(clusterRegistrationRequests, request, signal);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    return parent.get(clusterRegistrationRequests, { name }, signal);
  }
}

async function requestCredential(
  parent: KubeClient,
  { clusterId, key }: Applicant,
  request: ClusterRegistrationRequest,
  signal: AbortSignal,
): Promise<ParentCredential> {
  const subject = { clusterId, crrUid: request.metadata.uid ?? '' };
  const receivedAt = new Date();
  const body = signCredential(key, subject, randomBytes(16), receivedAt);
  const { status } = await parent.requestJson<SocketCredential>(
    {
      method: 'POST',
      path: `/apis/proxies.clusternet.io/v1alpha1/sockets/${clusterId}/credential`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    },
    signal,
  );
  if (!status?.token) {
    throw new ClusternetError('CN_AGENT_REGISTRATION_FAILED', 'the hub answered without a token');
  }
  return {
    server: parent.access.server.href.replace(/\/$/, ''),
    caBundle: status.caBundle || String(parent.access.tls.ca ?? ''),
    token: status.token,
    namespace: status.namespace,
    managedClusterName: status.managedClusterName,
    receivedAt: receivedAt.toISOString(),
    expiresAt: status.expirationTimestamp,
  };
}
