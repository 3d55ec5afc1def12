import {
  type ClusterRegistrationRequest,
  type ClusterRegistrationRequestStatus,
  clusterRegistrationRequests,
} from '../../api/clusters/cluster-registration-request.ts';
import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import { namesFor } from '../../api/well-known.ts';
import { builtin } from '../../kube/builtin.ts';
import type { Controller } from '../../reconcile/controller.ts';
import type { Runtime } from '../../reconcile/runtime.ts';
import { watchObjects } from '../../reconcile/source.ts';
import { clusterById, managedClustersById } from '../managed-clusters-by-id.ts';
import { NamespaceTakenError, provision } from './provision.ts';
import {
  type ApprovalMode,
  dedicatedNamespaceOf,
  judgeRegistration,
  type RegistrationVerdict,
} from './registration-verdict.ts';

/** Answers ClusterRegistrationRequests: approves or denies, and makes what stands for an approved cluster. */
export function registrationController(runtime: Runtime, mode: ApprovalMode): Controller {
  const { cache, client, events } = runtime;
  const requests = cache.informer(clusterRegistrationRequests);
  const clusters = managedClustersById(cache);

  const judge = async (
    request: ClusterRegistrationRequest,
    managedCluster: ManagedCluster | undefined,
    signal: AbortSignal,
  ): Promise<RegistrationVerdict> => {
    const name = dedicatedNamespaceOf(request, managedCluster);
    const namespace = await client.find(builtin.namespaces, { name }, signal);
    return judgeRegistration(request, { managedCluster, namespace }, mode);
  };

  const answer = async (
    request: ClusterRegistrationRequest,
    status: ClusterRegistrationRequestStatus,
    signal: AbortSignal,
  ): Promise<void> => {
    const present: Readonly<Record<string, unknown>> = request.status ?? {};
    const changes = Object.entries(status).some(([field, value]) => present[field] !== value);
    if (!changes) return;
    const key = { name: request.metadata.name ?? '' };
    const patch = { type: 'merge', body: { status } } as const;
    await client.patch(
      clusterRegistrationRequests,
      key,
      patch,
      { subresource: 'status', fieldManager: 'clusternet-hub' },
      signal,
    );
  };

  return {
    name: 'cluster-registration',
    sources: [
      watchObjects(requests),
      watchObjects(clusters, {
        when: change => change.type === 'deleted',
        enqueue: ({ object }) => [namesFor.registrationRequest(object.spec.clusterId)],
      }),
    ],
    async reconcile(key, signal) {
      const request = requests.get({ name: key });
      if (request === undefined) return;
      const managedCluster = clusterById(clusters, request.spec.clusterId);
      const verdict = await judge(request, managedCluster, signal);
      if (verdict.kind === 'nothing') return;
      if (verdict.kind === 'deny') {
        await answer(request, { result: 'Denied', errorMessage: verdict.message }, signal);
        events.warning(request, 'RegistrationDenied', verdict.message, 'Approve');
        return;
      }
      const { namespace, clusterName } = verdict;
      const child = { clusterId: request.spec.clusterId, clusterName, namespace };
      try {
        await provision(client, child, request, managedCluster, signal);
      } catch (error) {
        // The next look finds the namespace and denies the request with the reason.
        if (error instanceof NamespaceTakenError) return { requeueAfterMs: 100 };
        throw error;
      }
      await answer(
        request,
        { result: 'Approved', dedicatedNamespace: namespace, managedClusterName: clusterName },
        signal,
      );
      if (request.status?.result !== 'Approved' || !request.status.dedicatedNamespace) {
        const where = `ManagedCluster ${namespace}/${clusterName}`;
        events.normal(request, 'RegistrationApproved', `${where} stands for it.`, 'Approve');
      }
      return;
    },
  };
}
