import {
  type DiscoveredCluster,
  discoveredClusters,
} from '../../api/discovery/discovered-cluster.ts';
import { annotations, finalizers } from '../../api/well-known.ts';
import { isNotFound } from '../../kube/api-error.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../reconcile/clock.ts';
import type { EventRecorder } from '../../reconcile/event-recorder.ts';
import { removeFinalizer } from '../../reconcile/finalizers.ts';
import type { ClusterSight, ClusterWatch } from '../capi/cluster-watch.ts';
import type { AgentInstaller } from './agent-installer.ts';
import { Blocked } from './blocked.ts';
import { findClusterId } from './cluster-identity.ts';
import { type Course, hasBegun, isHeld, isMoving } from './course.ts';
import { clusterReference, ownerReference } from './discovered-cluster-object.ts';
import { type Joiner, observe } from './joiner.ts';
import type { Leaver } from './leaver.ts';
import type { ManagedClusterView } from './managed-cluster-view.ts';
import { type NextLookMs, type Pass, passKey } from './pass.ts';

export interface FollowerParts {
  readonly parent: KubeClient;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly clusters: ClusterWatch;
  readonly managed: ManagedClusterView;
  readonly installer: AgentInstaller;
  readonly joiner: Joiner;
  readonly leaver: Leaver;
}

/** While the parent cleans up we look again this often; its ManagedCluster going away wakes us before that. */
const leavingMs = 2_000;

/** The cache is about to learn what the API server told us. */
const behindMs = 500;

/** How often a Cluster that exists out of our sight is looked for again. */
const outOfSightMs = 60_000;

/** Does what was decided about a cluster. */
export class CourseFollower {
  readonly #parts: FollowerParts;

  constructor(parts: FollowerParts) {
    this.#parts = parts;
  }

  follow(course: Course, pass: Pass, signal: AbortSignal): Promise<NextLookMs> {
    switch (course.do) {
      case 'join':
        return this.#join(pass, signal);
      case 'leave':
        return this.#leave(pass, signal);
      case 'detach':
        return this.#detach(pass, signal);
      case 'compare':
        return this.#compare(pass, signal);
      case 'forget':
        return this.#forget(pass, signal);
      default:
        return this.#watch(course, pass);
    }
  }

  /** Changes nothing, and keeps telling whether the cluster is connected. */
  async #watch(course: Course, pass: Pass): Promise<NextLookMs> {
    if (course.do === 'ignore') return undefined;
    observe(pass, this.#parts.managed.find(pass.discovered.spec.clusterID));
    if (course.do !== 'keep') return undefined;
    return course.untilMs && Math.max(0, course.untilMs - this.#parts.clock.now().getTime());
  }

  async #join(pass: Pass, signal: AbortSignal): Promise<NextLookMs> {
    const { managed, joiner, leaver } = this.#parts;
    const cluster = managed.find(pass.discovered.spec.clusterID);
    // What leaves by our own word is let go first, and then comes back.
    if (leaver.isLeaving(pass)) return leavingMs;
    if (cluster?.metadata.deletionTimestamp !== undefined) return this.#noteDetached(pass, signal);
    await this.#alignSpec(pass, signal);
    return joiner.join(pass, signal);
  }

  /** Somebody deleted the ManagedCluster: that is remembered first, so that the cluster does not come back by itself. */
  async #noteDetached(pass: Pass, signal: AbortSignal): Promise<NextLookMs> {
    await this.#patch(pass, { spec: { detached: true } }, signal);
    this.#parts.events.normal(
      pass.discovered,
      'Detached',
      'its ManagedCluster was deleted; unset spec.detached to join again',
    );
    return 0;
  }

  /** Which policy selected the Cluster, and which Cluster it is: after a move it has another UID. */
  async #alignSpec(pass: Pass, signal: AbortSignal): Promise<void> {
    const { cluster, policy, discovered } = pass;
    if (cluster === undefined) return;
    const name = policy?.metadata.name ?? '';
    const { policyRef, clusterRef } = discovered.spec;
    if (policyRef?.name === name && clusterRef?.uid === cluster.uid) return;
    const spec = { policyRef: { name }, clusterRef: clusterReference(cluster) };
    await this.#patch(pass, { spec }, signal);
  }

  /** The cluster is going or gone: the parent is told, the child is not asked. */
  async #leave(pass: Pass, signal: AbortSignal): Promise<NextLookMs> {
    const { clusters, leaver } = this.#parts;
    if (clusters.read(passKey(pass)) === 'gone' && !hasBegun(pass.discovered)) return 0;
    const live = await clusters.readLive(passKey(pass), signal);
    if (!isReallyLeaving(pass.discovered, live)) return stay(pass);
    if ((await leaver.leave(pass, 'ClusterDeleted', signal)) === 'leaving') return leavingMs;
    return this.#letGo(pass, signal);
  }

  async #detach(pass: Pass, signal: AbortSignal): Promise<NextLookMs> {
    const { leaver } = this.#parts;
    if (!hasBegun(pass.discovered)) return 0;
    if (!leaver.isLeaving(pass)) await this.#removeAgent(pass, signal);
    if ((await leaver.leave(pass, 'Detached', signal)) === 'leaving') return leavingMs;
    pass.status.managedClusterRef = undefined;
    pass.status.bootstrapExpiration = undefined;
    pass.status.agentVersion = undefined;
    pass.progress.startOver();
    await removeFinalizer(
      this.#parts.parent,
      discoveredClusters,
      pass.discovered,
      finalizers.discovery,
      signal,
    );
    const forgotten = { [annotations.appliedAgent]: null };
    await this.#patch(
      pass,
      { spec: { clusterID: null }, metadata: { annotations: forgotten } },
      signal,
    );
    return undefined;
  }

  /** A good-bye that fails must not hold up the leaving: the agent without its parent does nothing. */
  async #removeAgent(pass: Pass, signal: AbortSignal): Promise<void> {
    const { installer, events } = this.#parts;
    try {
      await installer.remove(pass, signal);
    } catch (error) {
      if (!(error instanceof Blocked)) throw error;
      const message = `the agent could not be removed from the cluster: ${error.message}`;
      events.warning(pass.discovered, 'AgentLeftBehind', message);
    }
  }

  /** The Cluster was made anew: the child itself tells whether it is the one that we know. */
  async #compare(pass: Pass, signal: AbortSignal): Promise<NextLookMs> {
    const { installer, events } = this.#parts;
    const { discovered, cluster } = pass;
    const id = await installer.visit(pass, findClusterId, signal);
    if (id === undefined || id !== discovered.spec.clusterID) return this.#leaveOld(pass, signal);
    if (discovered.metadata.deletionTimestamp !== undefined || cluster === undefined)
      return this.#letGo(pass, signal);
    const metadata = { ownerReferences: [ownerReference(cluster)] };
    await this.#patch(pass, { metadata, spec: { clusterRef: clusterReference(cluster) } }, signal);
    events.normal(discovered, 'Adopted', 'the Cluster was made anew; it is the same cluster');
    return 0;
  }

  async #leaveOld(pass: Pass, signal: AbortSignal): Promise<NextLookMs> {
    if ((await this.#parts.leaver.leave(pass, 'ClusterDeleted', signal)) === 'leaving')
      return leavingMs;
    return this.#letGo(pass, signal);
  }

  /** Watches tell of two kinds in any order: an object collected with its Cluster must not be taken for one deleted by hand. */
  async #forget(pass: Pass, signal: AbortSignal): Promise<NextLookMs> {
    const { discovered, cluster } = pass;
    if (isHeld(discovered) && !isMoving(discovered) && cluster !== undefined) {
      const live = await this.#parts.clusters.readLive(passKey(pass), signal);
      if (typeof live === 'string' || live.deleting) return behindMs;
    }
    return this.#letGo(pass, signal);
  }

  /** Gives the object free, and removes it when its Cluster is no longer there to take it along. */
  async #letGo({ discovered, cluster }: Pass, signal: AbortSignal): Promise<NextLookMs> {
    const { parent } = this.#parts;
    await removeFinalizer(parent, discoveredClusters, discovered, finalizers.discovery, signal);
    if (cluster?.uid === discovered.spec.clusterRef?.uid) return undefined;
    const { namespace, name = '', uid } = discovered.metadata;
    const precondition = uid === undefined ? {} : { uid };
    await parent.delete(discoveredClusters, { namespace, name }, precondition, signal);
    return undefined;
  }

  async #patch(pass: Pass, change: object, signal: AbortSignal): Promise<void> {
    const { namespace, name = '', uid } = pass.discovered.metadata;
    const { metadata, ...rest } = change as { metadata?: object };
    const body = { ...rest, metadata: { ...metadata, uid } };
    const patch = { type: 'merge', body } as const;
    const { parent } = this.#parts;
    try {
      pass.discovered = await parent.patch(
        discoveredClusters,
        { namespace, name },
        patch,
        {},
        signal,
      );
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

function stay({ progress }: Pass): NextLookMs {
  const message = 'its Cluster exists, though not in our sight (--namespace, --watch-filter)';
  progress.set('Deleting', 'False', 'NotDeleting', message);
  return outOfSightMs;
}

/** What the cache made us believe must still be so. */
function isReallyLeaving(discovered: DiscoveredCluster, live: ClusterSight): boolean {
  if (live === 'unknown') return false;
  if (typeof live === 'string' || live.uid !== discovered.spec.clusterRef?.uid) return true;
  return live.deleting && !live.paused && !live.movedAway;
}
