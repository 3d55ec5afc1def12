import {
  type ClusterRegistrationRequest,
  clusterRegistrationRequests,
} from '../../api/clusters/cluster-registration-request.ts';
import { managedClusters } from '../../api/clusters/managed-cluster.ts';
import { annotations, type leaveReasons, namesFor } from '../../api/well-known.ts';
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

  /** Whether the wish to leave has been recorded already. */
  isLeaving({ discovered }: Pass): boolean {
    const managed = this.#parts.managed.find(discovered.spec.clusterID);
    return managed?.metadata.annotations?.[annotations.leave] !== undefined;
  }

  /** Records the wish to leave and tells whether the parent has nothing of the cluster any more. */
  async leave(pass: Pass, reason: LeaveReason, signal: AbortSignal): Promise<'left' | 'leaving'> {
    const { clusterID } = pass.discovered.spec;
    if (clusterID === undefined) return 'left';
    const managed = this.#parts.managed.find(clusterID);
    if (managed === undefined) return this.#leaveUnapproved(clusterID, pass, reason, signal);
    const { namespace, name = '', uid, annotations: present } = managed.metadata;
    if (present?.[annotations.leave] === undefined)
      await this.#parts.parent.patch(
        managedClusters,
        { namespace, name },
        {
          type: 'merge',
          body: { metadata: { uid, annotations: { [annotations.leave]: reason } } },
        },
        {},
        signal,
      );
    return 'leaving';
  }

  /** Without a ManagedCluster there may still be a request, which must not be approved any more. */
  async #leaveUnapproved(
    clusterId: string,
    pass: Pass,
    reason: LeaveReason,
    signal: AbortSignal,
  ): Promise<'left' | 'leaving'> {
    const key = { name: namesFor.registrationRequest(clusterId) };
    const request = await this.#parts.parent.find(clusterRegistrationRequests, key, signal);
    if (request === undefined || !isOurs(request, pass)) return 'left';
    if (request.metadata.annotations?.[annotations.leave] !== undefined) return 'left';
    const { uid } = request.metadata;
    const body = { metadata: { uid, annotations: { [annotations.leave]: reason } } };
    await this.#parts.parent.patch(
      clusterRegistrationRequests,
      key,
      { type: 'merge', body },
      {},
      signal,
    );
    // The hub may have approved it a moment ago: look once more for what came of it.
    return 'leaving';
  }
}

function isOurs(request: ClusterRegistrationRequest, pass: Pass): boolean {
  return request.metadata.annotations?.[annotations.discoveryOwner] === passKey(pass);
}
