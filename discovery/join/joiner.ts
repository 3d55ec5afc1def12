import { managedClusterName } from '../../api/cluster-name.ts';
import { clusterRegistrationRequests } from '../../api/clusters/cluster-registration-request.ts';
import { type ManagedCluster, managedClusters } from '../../api/clusters/managed-cluster.ts';
import { findCondition } from '../../api/conditions.ts';
import { discoveredClusters } from '../../api/discovery/discovered-cluster.ts';
import {
  creators,
  discoverySources,
  finalizers,
  labelPrefixes,
  labels,
  namesFor,
} from '../../api/well-known.ts';
import type { KubeClient } from '../../kube/client.ts';
import { propagatedLabels } from '../capi/propagation.ts';
import { provenanceLabels } from '../capi/provenance.ts';
import type { HubAddress, HubAddressVerdict } from '../hub-connection/hub-address.ts';
import { applyOwnedLabels } from '../owned-labels.ts';
import type { AgentInstaller } from './agent-installer.ts';
import { Blocked } from './blocked.ts';
import { ensureClusterId } from './cluster-identity.ts';
import { isConnected, type ManagedClusterView } from './managed-cluster-view.ts';
import { type NextLookMs, type Pass, passKey } from './pass.ts';
import {
  judgeRequest,
  type ManagedClusterRef,
  ownership,
  type Registration,
} from './registration.ts';

export interface JoinerParts {
  readonly parent: KubeClient;
  readonly managed: ManagedClusterView;
  readonly installer: AgentInstaller;
  readonly hubAddress: (pass: Pass) => HubAddressVerdict;
  /** Whether a DiscoveredCluster (`namespace/name`) exists. */
  readonly ownerExists: (owner: string) => boolean;
  /** The name of the ManagedCluster that stands for the parent itself. */
  readonly selfName: string;
}

/** Takes a wanted cluster one look further on its way in; throws Blocked at the step that cannot go on. */
export class Joiner {
  readonly #parts: JoinerParts;

  constructor(parts: JoinerParts) {
    this.#parts = parts;
  }

  async join(pass: Pass, signal: AbortSignal): Promise<NextLookMs> {
    const { managed, installer } = this.#parts;
    checkControlPlane(pass);
    const hub = this.#resolveHub(pass);
    const clusterId = pass.discovered.spec.clusterID ?? (await this.#identify(pass, signal));
    const ref = await this.#register(pass, clusterId, signal);
    const cluster = managed.find(clusterId);
    if (observe(pass, cluster)) {
      await this.#syncLabels(pass, cluster, signal);
      await installer.keepUpToDate(pass, hub, signal);
      return undefined;
    }
    return isAdopted(pass) ? undefined : installer.install(pass, hub, ref.namespace, signal);
  }

  #resolveHub(pass: Pass): HubAddress {
    const verdict = this.#parts.hubAddress(pass);
    if (verdict.address === undefined)
      throw Blocked.by('HubReachable', verdict.reason, verdict.message, 'hub');
    const message = `children reach the parent at ${verdict.address.server}`;
    pass.progress.set('HubReachable', 'True', 'Resolved', message);
    return verdict.address;
  }

  /** Asks the cluster who it is and remembers it, together with the finalizer that guards all that follows. */
  async #identify(pass: Pass, signal: AbortSignal): Promise<string> {
    const { installer, parent } = this.#parts;
    const clusterID = await installer.visit(pass, ensureClusterId, signal);
    const { metadata } = pass.discovered;
    const { namespace, name = '', uid, resourceVersion } = metadata;
    const guarded = [...new Set([...(metadata.finalizers ?? []), finalizers.discovery])];
    // The parent's own object must not hold up the removal of the namespace it is in.
    const guard = pass.cluster === undefined ? {} : { finalizers: guarded };
    const body = { metadata: { uid, resourceVersion, ...guard }, spec: { clusterID } };
    const key = { namespace, name };
    const patch = { type: 'merge', body } as const;
    pass.discovered = await parent.patch(discoveredClusters, key, patch, {}, signal);
    return clusterID;
  }

  #registration(pass: Pass, clusterId: string): Registration {
    const { cluster, discovered } = pass;
    return {
      clusterId,
      owner: passKey(pass),
      source: cluster === undefined ? 'self' : 'capi',
      clusterName: cluster === undefined ? this.#parts.selfName : managedClusterName(cluster),
      clusterLabels: labelsOf(pass),
      takeover: discovered.spec.takeover,
    };
  }

  /** Later changes of labels follow the cluster; the first ones came with its registration. */
  async #syncLabels(pass: Pass, managed: ManagedCluster, signal: AbortSignal): Promise<void> {
    const { parent } = this.#parts;
    const { progress } = pass;
    const conflicts = await applyOwnedLabels(
      parent,
      managedClusters,
      managed,
      labelsOf(pass),
      { fieldManager: creators.discovery, isOurs: isOurLabel },
      signal,
    );
    if (conflicts.length === 0)
      progress.set('MetadataSynced', 'True', 'Synced', 'its labels are on the ManagedCluster');
    else
      progress.set(
        'MetadataSynced',
        'False',
        'Conflict',
        `somebody else has set these labels of the ManagedCluster: ${conflicts.join(', ')}`,
      );
  }

  /** Asks the parent to take the cluster, unless it has: a registration is ours only once its owner has been looked at. */
  async #register(pass: Pass, clusterId: string, signal: AbortSignal): Promise<ManagedClusterRef> {
    const { parent, managed, ownerExists } = this.#parts;
    const known = pass.status.managedClusterRef;
    if (pass.progress.isTrue('Registered') && known && managed.find(clusterId)) return known;
    const wanted = this.#registration(pass, clusterId);
    const key = { name: namesFor.registrationRequest(clusterId) };
    let request = await parent.find(clusterRegistrationRequests, key, signal);
    for (;;) {
      const verdict = judgeRequest(request, wanted, ownerExists);
      if (verdict.do === 'create')
        request = await parent.create(clusterRegistrationRequests, verdict.request, signal);
      else if (verdict.do === 'claim') {
        const body = { metadata: { uid: request?.metadata.uid, ...ownership(wanted) } };
        const patch = { type: 'merge', body } as const;
        request = await parent.patch(clusterRegistrationRequests, key, patch, {}, signal);
      } else {
        pass.status.managedClusterRef = verdict.managedCluster;
        noteRegistered(pass, verdict.do === 'follow', verdict.managedCluster);
        return verdict.managedCluster;
      }
    }
  }
}

/** The labels that the ManagedCluster gets from here. */
function labelsOf({ cluster, policy }: Pass): Readonly<Record<string, string>> {
  if (cluster === undefined) return { [labels.discoverySource]: discoverySources.self };
  return {
    ...propagatedLabels(cluster.labels, policy?.spec.propagation ?? []),
    ...provenanceLabels(cluster),
    [labels.discoverySource]: discoverySources.capi,
  };
}

function isOurLabel(key: string): boolean {
  return key.startsWith(labelPrefixes.capi) || key === labels.discoverySource;
}

function noteRegistered({ progress }: Pass, adopted: boolean, ref: ManagedClusterRef): void {
  const where = `ManagedCluster ${ref.namespace}/${ref.name}`;
  if (adopted) {
    const message = `it was registered by hand as ${where}; to manage its agent set spec.takeover: Adopt`;
    progress.set('Registered', 'True', 'Adopted', message);
  } else progress.set('Registered', 'True', 'Approved', `it is ${where}`);
}

function isAdopted({ progress }: Pass): boolean {
  return progress.find('Registered')?.reason === 'Adopted';
}

/** Once initialized, a control plane never is not: an API version that tells it elsewhere changes nothing. */
function checkControlPlane({ cluster, progress }: Pass): void {
  const was = progress.isTrue('ControlPlaneInitialized');
  if (was || cluster === undefined || cluster.controlPlaneInitialized) {
    const message = 'the API server of the cluster has been up';
    progress.set('ControlPlaneInitialized', 'True', 'Initialized', message);
    return;
  }
  throw Blocked.by(
    'ControlPlaneInitialized',
    'WaitingForControlPlane',
    cluster.waitingFor ?? 'Cluster API is still making its control plane',
    'watch',
  );
}

/** Tells whether the cluster is connected, as the parent sees it; changes nothing. */
export function observe(
  pass: Pass,
  managed: ManagedCluster | undefined,
): managed is ManagedCluster {
  const connected = managed !== undefined && isConnected(managed);
  if (connected) noteConnected(pass, managed);
  else noteAbsence(pass, managed);
  return connected;
}

/** The cluster is in: nothing is asked of it any more, the parent knows all. */
function noteConnected({ progress, status }: Pass, managed: ManagedCluster): void {
  const { namespace = '', name = '' } = managed.metadata;
  status.managedClusterRef = { namespace, name };
  status.agentVersion = managed.status?.agentVersion;
  status.bootstrapExpiration = undefined;
  progress.set('Connected', 'True', 'Connected', 'the parent holds a tunnel to the cluster');
  progress.set('BootstrapCredentialIssued', 'True', 'NotNeeded', 'the cluster has joined');
  progress.set('AgentAvailable', 'True', 'Available', 'the agent runs');
}

/** What the parent knows about a cluster that is not connected, or is and does not answer. */
function absenceOf({ status }: ManagedCluster): string {
  const ready = findCondition(status?.conditions, 'Ready');
  if (ready?.status === 'False') return `the agent is connected, but: ${ready.message}`;
  const since = ready === undefined ? '' : ` since ${ready.lastTransitionTime}`;
  return `the agent has not been connected${since}; the cluster or its network may be down`;
}

/** A cluster that was here before is missed; one that never was is waited for. */
function noteAbsence({ progress }: Pass, managed: ManagedCluster | undefined): void {
  const before = progress.find('Connected');
  const wasHere = before?.status === 'True' || before?.reason === 'Disconnected';
  if (wasHere && managed !== undefined)
    progress.set('Connected', 'False', 'Disconnected', absenceOf(managed));
  else if (before?.reason !== 'HubUnreachable')
    progress.set('Connected', 'False', 'WaitingForAgent', 'the agent has not connected yet');
}
