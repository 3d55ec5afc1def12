import {
  type ClusterRegistrationRequest,
  clusterRegistrationRequests,
} from '../../api/clusters/cluster-registration-request.ts';
import { type ManagedCluster, managedClusters } from '../../api/clusters/managed-cluster.ts';
import type { KubeObject } from '../../api/kube-object.ts';
import type { Resource } from '../../api/resource.ts';
import { annotations, labels, type leaveReasons, namesFor } from '../../api/well-known.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { ManagedClusterView } from './managed-cluster-view.ts';
import { type Pass, passKey } from './pass.ts';

type LeaveReason = (typeof leaveReasons)[number];

export interface LeaverParts {
  readonly parent: KubeClient;
  readonly managed: ManagedClusterView;
}

/** Signs clusters off on the parent, as docs/designs/20261124-leaving.md says; needs nothing of the cluster itself. */
export class Leaver {
  readonly #parts: LeaverParts;

  constructor(parts: LeaverParts) {
    this.#parts = parts;
  }

  /** Whether we have recorded the wish to leave. */
  isLeaving({ discovered }: Pass): boolean {
    const cluster = this.#parts.managed.find(discovered.spec.clusterID);
    const reason = cluster?.metadata.annotations?.[annotations.leave];
    return reason === 'ClusterDeleted' || reason === 'Detached';
  }

  /** Records the wish to leave and tells whether the parent has nothing of ours any more. */
  async leave(pass: Pass, reason: LeaveReason, signal: AbortSignal): Promise<'left' | 'leaving'> {
    const { clusterID } = pass.discovered.spec;
    if (clusterID === undefined) return 'left';
    const { parent, managed } = this.#parts;
    const key = { name: namesFor.registrationRequest(clusterID) };
    const request = await parent.find(clusterRegistrationRequests, key, signal);
    const cluster = managed.find(clusterID);
    if (!isOurs(request, cluster, pass)) return 'left';
    if (cluster !== undefined) {
      await this.#ask(managedClusters, cluster, reason, signal);
      return 'leaving';
    }
    // Never approved: the hub withdraws it. It may have approved it a moment ago, so we look once more for what came of it.
    return request && (await this.#ask(clusterRegistrationRequests, request, reason, signal))
      ? 'leaving'
      : 'left';
  }

  /** Tells whether the wish was not recorded before. */
  async #ask<T extends KubeObject>(
    resource: Resource<T>,
    { metadata }: T,
    reason: LeaveReason,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { namespace, name = '', uid, annotations: present } = metadata;
    if (present?.[annotations.leave] !== undefined) return false;
    const body = { metadata: { uid, annotations: { [annotations.leave]: reason } } };
    const patch = { type: 'merge', body } as const;
    await this.#parts.parent.patch(resource, { namespace, name }, patch, {}, signal);
    return true;
  }
}

/** Two Clusters can turn out to be the same child; only the one that registered it may sign it off. */
function isOurs(
  request: ClusterRegistrationRequest | undefined,
  cluster: ManagedCluster | undefined,
  pass: Pass,
): boolean {
  if (request !== undefined)
    return request.metadata.annotations?.[annotations.discoveryOwner] === passKey(pass);
  const { [labels.capiNamespace]: namespace, [labels.capiCluster]: name } =
    cluster?.metadata.labels ?? {};
  return `${namespace}/${name}` === passKey(pass);
}
