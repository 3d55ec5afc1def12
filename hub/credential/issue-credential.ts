import {
  type ClusterRegistrationRequest,
  clusterRegistrationRequests,
} from '../../api/clusters/cluster-registration-request.ts';
import { type ManagedCluster, managedClusters } from '../../api/clusters/managed-cluster.ts';
import {
  type SocketCredential,
  type SocketCredentialSpec,
  validateCredential,
} from '../../api/proxies/socket-credential.ts';
import { annotations, namesFor, serviceAccounts } from '../../api/well-known.ts';
import { isConflict, isNotFound } from '../../kube/api-error.ts';
import { builtin } from '../../kube/builtin.ts';
import type { TokenRequest } from '../../kube/builtin-kinds.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { CredentialIssuer } from '../server/hub-server.ts';
import { StatusError } from '../server/status-error.ts';
import { type CredentialVerdict, judgeCredential } from './credential-verdict.ts';
import { keyFingerprint } from './key-fingerprint.ts';
import { NonceMemory } from './nonce-memory.ts';

const tokenSeconds = 24 * 3_600;

export interface CredentialIssuerOptions {
  readonly client: KubeClient;
  readonly now: () => Date;
  /** PEM certificates of the parent's API server, for the agent to pin. */
  readonly caBundle: string;
}

/**
 * Answers `POST sockets/<id>/credential`: checks form, approval, signature and key, pins the key when it is the first, refuses replays,
 * and asks the parent for a token of the child's ServiceAccount. The token is stored nowhere.
 */
export function credentialIssuer(options: CredentialIssuerOptions): CredentialIssuer {
  const { client, now, caBundle } = options;
  const nonces = new NonceMemory(() => now().getTime());
  return async ({ clusterId, user, body }) => {
    const spec = readSpec(body, now());
    const verdict = await judgeAndPin(client, clusterId, user.name, spec);
    refuseReplay(nonces.use(clusterId, spec.nonce));
    const { namespace = '', name = '' } = verdict.cluster.metadata;
    const token = await requestToken(client, namespace);
    const answer: SocketCredential = {
      apiVersion: 'proxies.clusternet.io/v1alpha1',
      kind: 'SocketCredential',
      spec,
      status: { ...token, namespace, managedClusterName: name, caBundle },
    };
    return answer;
  };
}

function readSpec(body: string, now: Date): SocketCredentialSpec {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    throw new StatusError(400, 'The body is not JSON; a SocketCredential is wanted.');
  }
  const problems = validateCredential(parsed, now);
  if (problems.length > 0) throw new StatusError(422, `${problems.join('; ')}.`);
  return (parsed as SocketCredential).spec;
}

type Issue = Extract<CredentialVerdict, { kind: 'issue' }>;

async function judgeAndPin(
  client: KubeClient,
  clusterId: string,
  caller: string,
  spec: SocketCredentialSpec,
): Promise<Issue> {
  for (let attempt = 1; ; attempt++) {
    const request = await client.find(clusterRegistrationRequests, {
      name: namesFor.registrationRequest(clusterId),
    });
    const cluster = request && (await clusterOf(client, request));
    const verdict = judgeCredential({ clusterId, caller, spec, request, cluster });
    if (verdict.kind === 'refuse') throw new StatusError(verdict.code, verdict.message);
    try {
      await pin(client, verdict, request as ClusterRegistrationRequest, spec.publicKey);
      return verdict;
    } catch (error) {
      // Somebody else wrote meanwhile, perhaps another key: judge what is there now.
      if (!isConflict(error) || attempt === 5) throw error;
    }
  }
}

/** The ManagedCluster that the approval named: only the hub and administrators write that status. */
async function clusterOf(
  client: KubeClient,
  { status }: ClusterRegistrationRequest,
): Promise<ManagedCluster | undefined> {
  const { dedicatedNamespace: namespace, managedClusterName: name } = status ?? {};
  return namespace && name ? client.find(managedClusters, { namespace, name }) : undefined;
}

/** Writes the key down where it is missing, by compare-and-set: a resourceVersion that has moved is a conflict. */
async function pin(
  client: KubeClient,
  { pin: places, cluster }: Issue,
  request: ClusterRegistrationRequest,
  publicKey: string,
): Promise<void> {
  const options = { fieldManager: 'clusternet-hub' };
  if (places.includes('request')) {
    const { name = '', resourceVersion } = request.metadata;
    const body = { metadata: { resourceVersion }, spec: { publicKey } };
    await client.patch(clusterRegistrationRequests, { name }, { type: 'merge', body }, options);
  }
  if (places.includes('cluster')) {
    const { name = '', namespace, resourceVersion } = cluster.metadata;
    const pinned = { [annotations.agentKey]: keyFingerprint(publicKey) };
    const body = { metadata: { resourceVersion, annotations: pinned } };
    await client.patch(managedClusters, { namespace, name }, { type: 'merge', body }, options);
  }
}

function refuseReplay(use: ReturnType<NonceMemory['use']>): void {
  if (use === 'replayed') {
    throw new StatusError(403, 'spec.nonce was used before; sign a new request with a new nonce.');
  }
  if (use === 'full') {
    throw new StatusError(429, 'This cluster asks for credentials far too often.', 60);
  }
}

async function requestToken(client: KubeClient, namespace: string) {
  const key = { namespace, name: serviceAccounts.child };
  const body: TokenRequest = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: tokenSeconds },
  };
  try {
    const { status } = await client.createSubresource<TokenRequest>(
      builtin.serviceAccounts,
      key,
      'token',
      body,
    );
    if (status === undefined) throw new Error('the API server answered without a token');
    return { token: status.token, expirationTimestamp: status.expirationTimestamp };
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new StatusError(
      503,
      `ServiceAccount ${namespace}/${serviceAccounts.child} is missing; the hub makes it again, so ask again.`,
      2,
    );
  }
}
