import {
  type ClusterRegistrationRequest,
  type ClusterRegistrationRequestStatus,
  clusterRegistrationRequests,
} from '../../api/clusters/cluster-registration-request.ts';
import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import { labels, namesFor } from '../../api/well-known.ts';
import { builtin } from '../../kube/builtin.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Cache } from '../../reconcile/cache.ts';
import type { Controller, ReconcileResult } from '../../reconcile/controller.ts';
import type { Runtime } from '../../reconcile/runtime.ts';
import { type Source, watchObjects } from '../../reconcile/source.ts';
import { clusterById, managedClustersById } from '../managed-clusters-by-id.ts';
import { NamespaceTakenError, provision } from './provision.ts';
import {
  type ApprovalMode,
  dedicatedNamespaceOf,
  judgeRegistration,
  type RegistrationVerdict,
} from './registration-verdict.ts';

type Approval = Extract<RegistrationVerdict, { kind: 'approve' }>;

/** Answers ClusterRegistrationRequests: approves or denies, and makes what stands for an approved cluster. */
export function registrationController(runtime: Runtime, mode: ApprovalMode): Controller {
  const { cache, client, events } = runtime;
  const requests = cache.informer(clusterRegistrationRequests);
  const clusters = managedClustersById(cache);
  return {
    name: 'cluster-registration',
    sources: [watchObjects(requests), ...whatRequestsNeed(cache)],
    async reconcile(name, signal) {
      const request = requests.get({ name });
      if (request === undefined) return;
      const managedCluster = clusterById(clusters, request.spec.clusterId);
      const namespace = await client.find(
        builtin.namespaces,
        { name: dedicatedNamespaceOf(request, managedCluster) },
        signal,
      );
      const verdict = judgeRegistration(request, { managedCluster, namespace }, mode);
      switch (verdict.kind) {
        case 'nothing':
          return;
        case 'deny':
          await answer(client, request, denial(verdict.message), signal);
          events.warning(request, 'RegistrationDenied', verdict.message, 'Approve');
          return;
        case 'withdraw':
          return withdraw(runtime, request, verdict.reason, signal);
        case 'approve':
          return approve(runtime, request, managedCluster, verdict, signal);
      }
    },
  };
}

/** What stands for an approved cluster is made again when it is deleted. */
function whatRequestsNeed(cache: Cache): Source[] {
  const accounts = cache.informer(builtin.serviceAccounts, { labelSelector: labels.clusterId });
  return [
    watchObjects(managedClustersById(cache), {
      when: change => change.type === 'deleted',
      enqueue: ({ object }) => [namesFor.registrationRequest(object.spec.clusterId)],
    }),
    // Deleting the account is how an administrator revokes all its tokens; the agent then asks anew.
    watchObjects(accounts, {
      when: change => change.type === 'deleted',
      enqueue: ({ object: { metadata } }) => [
        namesFor.registrationRequest(metadata.labels?.[labels.clusterId] ?? ''),
      ],
    }),
  ];
}

async function approve(
  { client, events }: Runtime,
  request: ClusterRegistrationRequest,
  managedCluster: ManagedCluster | undefined,
  { namespace, clusterName }: Approval,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const child = { clusterId: request.spec.clusterId, clusterName, namespace };
  try {
    await provision(client, child, request, managedCluster, signal);
  } catch (error) {
    // The next look finds the namespace and denies the request with the reason.
    if (error instanceof NamespaceTakenError) return { requeueAfterMs: 100 };
    throw error;
  }
  const status = {
    result: 'Approved',
    dedicatedNamespace: namespace,
    managedClusterName: clusterName,
  };
  if (await answer(client, request, status, signal)) {
    const message = `ManagedCluster ${namespace}/${clusterName} stands for it.`;
    events.normal(request, 'RegistrationApproved', message, 'Approve');
  }
  return undefined;
}

/** As a cluster leaves by the same annotation on its ManagedCluster: see docs/designs/20261124-leaving.md. */
async function withdraw(
  { client, events }: Runtime,
  request: ClusterRegistrationRequest,
  reason: string,
  signal: AbortSignal,
): Promise<undefined> {
  const { name = '', uid } = request.metadata;
  events.normal(request, 'RegistrationWithdrawn', `It is withdrawn: ${reason}.`, 'Leave');
  const precondition = uid === undefined ? {} : { uid };
  await client.delete(clusterRegistrationRequests, { name }, precondition, signal);
}

function denial(errorMessage: string): ClusterRegistrationRequestStatus {
  return { result: 'Denied', errorMessage };
}

/** Writes the answer when it says something new, and tells whether it did. */
async function answer(
  client: KubeClient,
  request: ClusterRegistrationRequest,
  status: ClusterRegistrationRequestStatus,
  signal: AbortSignal,
): Promise<boolean> {
  const present: Readonly<Record<string, unknown>> = request.status ?? {};
  if (Object.entries(status).every(([field, value]) => present[field] === value)) return false;
  await client.patch(
    clusterRegistrationRequests,
    { name: request.metadata.name ?? '' },
    { type: 'merge', body: { metadata: { uid: request.metadata.uid }, status } },
    { subresource: 'status', fieldManager: 'clusternet-hub' },
    signal,
  );
  return true;
}
