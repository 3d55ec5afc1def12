import {
  type DiscoveredCluster,
  discoveredClusters,
} from '../../api/discovery/discovered-cluster.ts';
import { agentLease, annotations, namespaces } from '../../api/well-known.ts';
import { builtin } from '../../kube/builtin.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../reconcile/clock.ts';
import type { HubAddress } from '../hub-connection/hub-address.ts';
import { agentHealth } from './agent-health.ts';
import { type AgentManifest, type AgentPlan, agentManifest } from './agent-manifest.ts';
import { applyAgent } from './apply-agent.ts';
import { type BootstrapToken, issueBootstrapToken, isTokenDue } from './bootstrap-token.ts';
import { type OpenChild, visitChild } from './child-visit.ts';
import { restoreClusterId } from './cluster-identity.ts';
import { findAgent, judgeAgent } from './existing-agent.ts';
import type { JoinMetrics } from './join-metrics.ts';
import type { NextLookMs, Pass } from './pass.ts';
import { removeAgent } from './remove-agent.ts';

export interface InstallerParts {
  readonly parent: KubeClient;
  /** The image that discovery itself runs, and the node labels that agents report. */
  readonly agent: Pick<AgentPlan, 'ownImage' | 'nodeLabelPrefixes'>;
  readonly clock: Clock;
  readonly metrics: JoinMetrics;
  readonly openChild?: OpenChild;
}

/** A joined cluster that goes away is given this long to come back by itself. */
const absenceMs = 60_000;
const agentName = 'clusternet-agent';
const agentPods = 'app.kubernetes.io/component=agent';
/** Only the names of the objects matter when they are removed. */
const anyHub: HubAddress = { server: 'https://parent.invalid', ca: '' };

/** Puts the agent into a cluster, and keeps it there as the policy wants it. */
export class AgentInstaller {
  readonly #parts: InstallerParts;

  constructor(parts: InstallerParts) {
    this.#parts = parts;
  }

  /** Does `work` in the cluster: the parent itself, or the one whose kubeconfig Cluster API keeps. */
  async visit<Result>(
    { cluster, progress }: Pass,
    work: (child: KubeClient, signal: AbortSignal) => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result> {
    const { parent, metrics, openChild } = this.#parts;
    if (cluster !== undefined) {
      metrics.kubeconfigReads.inc();
      return visitChild(parent, cluster, progress, work, signal, openChild);
    }
    const result = await work(parent, signal);
    progress.set('KubeconfigAvailable', 'True', 'NotNeeded', 'it is the parent itself');
    progress.set('ClusterReachable', 'True', 'Reachable', 'it is the parent itself');
    return result;
  }

  /** Installs what is missing and looks how the agent does; throws Blocked when the cluster refuses. */
  async install(
    pass: Pass,
    hub: HubAddress,
    dedicatedNamespace: string,
    signal: AbortSignal,
  ): Promise<NextLookMs> {
    const patience = this.#patienceLeft(pass);
    if (patience > 0) return patience;
    const manifest = this.#manifest(pass, hub);
    await this.visit(
      pass,
      async (child, limit) => {
        if (appliedHash(pass) === undefined && (await isAdopted(child, pass, hub, limit))) return;
        // Somebody may have taken it away: with its key still there it needs no token to be let in again.
        const isDue = appliedHash(pass) !== manifest.hash || (await isMissing(child, pass, limit));
        const token = await this.#issueToken(pass, dedicatedNamespace, isDue, limit);
        if (isDue || token !== undefined) {
          await this.#apply(child, pass, manifest, token, limit);
          pass.progress.set('AgentAvailable', 'Unknown', 'Progressing', 'the agent is starting');
        } else if (pass.cluster !== undefined) await this.#inspect(child, pass, limit);
      },
      signal,
    );
    return undefined;
  }

  /** For a connected cluster: the agent is brought to what the policy and our own version ask for now. */
  async keepUpToDate(pass: Pass, hub: HubAddress, signal: AbortSignal): Promise<void> {
    const { progress, cluster } = pass;
    if (progress.find('Registered')?.reason === 'Adopted' || cluster === undefined) {
      progress.set('UpToDate', 'True', 'Unmanaged', 'its agent is not installed by discovery');
      return;
    }
    const manifest = this.#manifest(pass, hub);
    if (appliedHash(pass) !== manifest.hash) {
      progress.set(
        'UpToDate',
        'False',
        'Outdated',
        'a newer manifest of the agent is to be applied',
      );
      await this.visit(
        pass,
        (child, limit) => this.#apply(child, pass, manifest, undefined, limit),
        signal,
      );
    }
    progress.set('UpToDate', 'True', 'UpToDate', 'the agent is as the policy wants it');
  }

  /** Takes the agent out of a living cluster, unless somebody else installed it. */
  async remove(pass: Pass, signal: AbortSignal): Promise<void> {
    if (pass.cluster === undefined || appliedHash(pass) === undefined) return;
    const { objects } = this.#manifest(pass, anyHub);
    await this.visit(pass, (child, limit) => removeAgent(child, objects, limit), signal);
  }

  #manifest({ policy, cluster }: Pass, hub: HubAddress): AgentManifest {
    const { agent } = this.#parts;
    const manifest = agentManifest({ ...agent, template: policy?.spec.agent ?? {}, hub });
    // The parent's own agent is part of the add-on: it only wants its token.
    return cluster === undefined ? { ...manifest, objects: [] } : manifest;
  }

  #patienceLeft({ progress }: Pass): number {
    const connected = progress.find('Connected');
    if (connected?.reason !== 'Disconnected') return 0;
    return Date.parse(connected.lastTransitionTime) + absenceMs - this.#parts.clock.now().getTime();
  }

  /** A new token when the present one nears its end, or has to be written anew with the rest. */
  async #issueToken(
    { progress, status }: Pass,
    namespace: string,
    anyway: boolean,
    signal: AbortSignal,
  ): Promise<BootstrapToken | undefined> {
    const { parent, clock, metrics } = this.#parts;
    if (!anyway && !isTokenDue(status.bootstrapExpiration, clock.now())) return undefined;
    const issued = await issueBootstrapToken(parent, namespace, signal);
    if (issued === undefined) {
      if (progress.hasJoined) return undefined;
      const message =
        'the cluster has joined before; the parent lets it in anew after 12 hours of absence';
      progress.set('BootstrapCredentialIssued', 'False', 'AccountNotFound', message);
      return undefined;
    }
    metrics.tokensIssued.inc();
    const message = 'the agent gets a token for this cluster alone, good for ten minutes';
    progress.set('BootstrapCredentialIssued', 'True', 'Issued', message);
    return issued;
  }

  async #apply(
    child: KubeClient,
    pass: Pass,
    manifest: AgentManifest,
    issued: BootstrapToken | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { clusterID = '' } = pass.discovered.spec;
    await restoreClusterId(child, clusterID, signal);
    // Without a token the Secret still tells where the parent is and how to verify it.
    const objects = [...manifest.objects, manifest.registration(issued?.token ?? '')];
    await applyAgent(child, objects, signal);
    this.#parts.metrics.applied.inc(objects.length);
    if (issued !== undefined) pass.status.bootstrapExpiration = issued.expires;
    pass.discovered = await this.#remember(pass.discovered, manifest.hash, signal);
    pass.progress.set('AgentApplied', 'True', 'Applied', 'the agent is installed in the cluster');
  }

  /** Kept in an annotation, which `clusterctl move` carries along; status it does not. */
  #remember(
    discovered: DiscoveredCluster,
    hash: string,
    signal: AbortSignal,
  ): Promise<DiscoveredCluster> {
    const { namespace, name = '', uid } = discovered.metadata;
    const body = { metadata: { uid, annotations: { [annotations.appliedAgent]: hash } } };
    const patch = { type: 'merge', body } as const;
    return this.#parts.parent.patch(discoveredClusters, { namespace, name }, patch, {}, signal);
  }

  /** Why the agent has not connected yet, as far as the cluster knows. */
  async #inspect(child: KubeClient, pass: Pass, signal: AbortSignal): Promise<void> {
    const namespace = namespaces.system;
    const [deployment, pods, lease] = await Promise.all([
      child.find(builtin.deployments, { namespace, name: agentName }, signal),
      child.listAll(builtin.pods, { namespace, labelSelector: agentPods }, signal),
      child.find(builtin.leases, { namespace, name: agentLease }, signal),
    ]);
    const { progress } = pass;
    const health = agentHealth(deployment, pods);
    progress.set('AgentAvailable', health.status, health.reason, health.message);
    const dialError = lease?.metadata.annotations?.[annotations.lastDialError];
    if (dialError) {
      const message = `the agent does not reach the parent: ${dialError}`;
      progress.set('Connected', 'False', 'HubUnreachable', message);
    }
  }
}

function appliedHash({ discovered }: Pass): string | undefined {
  return discovered.metadata.annotations?.[annotations.appliedAgent];
}

async function isMissing(child: KubeClient, { cluster }: Pass, signal: AbortSignal) {
  // The parent's own agent is part of the add-on.
  if (cluster === undefined) return false;
  const key = { namespace: namespaces.system, name: agentName };
  return (await child.find(builtin.deployments, key, signal)) === undefined;
}

/** Whether somebody installed an agent for this parent by hand, which is then left alone. */
async function isAdopted(
  child: KubeClient,
  { cluster, discovered, progress }: Pass,
  hub: HubAddress,
  signal: AbortSignal,
): Promise<boolean> {
  if (cluster === undefined) return false;
  const found = await findAgent(child, signal);
  if (judgeAgent(found, hub.server, discovered.spec.takeover) === 'ours') return false;
  const message =
    'an agent for this parent was installed by hand; to manage it set spec.takeover: Adopt';
  progress.set('AgentApplied', 'True', 'Adopted', message);
  return true;
}
