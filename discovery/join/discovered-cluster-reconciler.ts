import type { ClusterDiscoveryPolicy } from '../../api/discovery/cluster-discovery-policy.ts';
import {
  type DiscoveredCluster,
  type DiscoveredClusterStatus,
  discoveredClusters,
} from '../../api/discovery/discovered-cluster.ts';
import { parseDuration } from '../../api/duration.ts';
import { creators } from '../../api/well-known.ts';
import { isAlreadyExists, isNotFound } from '../../kube/api-error.ts';
import type { ReconcileResult } from '../../reconcile/controller.ts';
import { splitKey } from '../../reconcile/key.ts';
import type { Runtime } from '../../reconcile/runtime.ts';
import { patchStatus } from '../../reconcile/status-patch.ts';
import type { CapiCluster } from '../capi/cluster.ts';
import type { ClusterSight, ClusterWatch } from '../capi/cluster-watch.ts';
import { type Selection, selectCluster } from '../capi/selection.ts';
import type { SelfCluster } from '../self/self-cluster.ts';
import { Blocked } from './blocked.ts';
import { type Course, decideCourse, decideSelfCourse } from './course.ts';
import type { CourseFollower } from './course-follower.ts';
import { discoveredClusterFor } from './discovered-cluster-object.ts';
import type { DiscoveryInformers } from './discovery-informers.ts';
import { joinEvents } from './join-events.ts';
import type { JoinMetrics } from './join-metrics.ts';
import type { JoinTimes } from './join-times.ts';
import { OwnWrites } from './own-writes.ts';
import type { NextLookMs, Pass } from './pass.ts';
import { phaseOf, summarise } from './phase.ts';
import { Progress } from './progress.ts';
import type { Removals } from './removals.ts';
import { RetrySchedule } from './retry-schedule.ts';

export interface DiscoveredClusterParts {
  readonly runtime: Runtime;
  readonly clusters: ClusterWatch;
  readonly informers: DiscoveryInformers;
  readonly self: SelfCluster;
  readonly removals: Removals;
  readonly follower: CourseFollower;
  readonly times: JoinTimes;
  readonly metrics: JoinMetrics;
}

/** What a look at a cluster starts from. */
interface Setting {
  readonly course: Course;
  readonly cluster: CapiCluster | undefined;
  readonly selection: Selection | undefined;
  readonly policy: ClusterDiscoveryPolicy | undefined;
}

/** Brings every DiscoveredCluster one look further: decide, do, tell. */
export class DiscoveredClusterReconciler {
  readonly #parts: DiscoveredClusterParts;
  readonly #retries = new RetrySchedule();
  readonly #ownWrites = new OwnWrites<DiscoveredCluster>();
  readonly #inFlight = new Map<string, AbortController>();

  constructor(parts: DiscoveredClusterParts) {
    this.#parts = parts;
  }

  /** Ends a look that is under way: what it works towards is no longer wanted. */
  interrupt(key: string): void {
    this.#inFlight.get(key)?.abort(new Error('the cluster has changed'));
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const cached = this.#parts.informers.discovered.get(splitKey(key));
    if (cached === undefined) return this.#begin(key, signal);
    const discovered = this.#ownWrites.latest(key, cached);
    const own = new AbortController();
    this.#inFlight.set(key, own);
    try {
      return await this.#look(key, discovered, AbortSignal.any([signal, own.signal]));
    } catch (error) {
      // The change that interrupted us has queued the key again.
      if (own.signal.aborted && !signal.aborted) return undefined;
      throw error;
    } finally {
      this.#inFlight.delete(key);
    }
  }

  /** Every Cluster gets its object, wanted or not: that is where people look for the reason. */
  async #begin(key: string, signal: AbortSignal): Promise<undefined> {
    const { runtime, clusters, self, times } = this.#parts;
    this.#retries.clear(key);
    times.forget(key);
    this.#ownWrites.forget(key);
    clusters.forget(key);
    const object = key === self.key ? self.newObject() : this.#newObject(clusters.read(key));
    if (object === undefined) return;
    try {
      await runtime.client.create(discoveredClusters, object, signal);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }

  #newObject(cluster: ClusterSight): DiscoveredCluster | undefined {
    if (typeof cluster === 'string' || cluster.deleting) return undefined;
    const selection = this.#select(cluster, undefined);
    const policy = selection.selected ? selection.policy.metadata.name : undefined;
    return discoveredClusterFor(cluster, policy);
  }

  async #look(
    key: string,
    discovered: DiscoveredCluster,
    signal: AbortSignal,
  ): Promise<ReconcileResult | undefined> {
    const { clock } = this.#parts.runtime;
    const { course, cluster, selection, policy } = this.#decide(key, discovered);
    const {
      conditions = [],
      managedClusterRef,
      agentVersion,
      bootstrapExpiration,
    } = discovered.status ?? {};
    const progress = new Progress(conditions, discovered.metadata.generation ?? 0, clock.now());
    const status = { managedClusterRef, agentVersion, bootstrapExpiration };
    const pass: Pass = { discovered, cluster, policy, progress, status };
    noteCourse(progress, course, selection);
    const next = await this.#follow(key, course, pass, signal);
    summarise(course, progress);
    this.#ownWrites.note(key, pass.discovered);
    await this.#record(key, course, pass, discovered, signal);
    return next === undefined ? undefined : { requeueAfterMs: next };
  }

  #decide(key: string, discovered: DiscoveredCluster): Setting {
    const { clusters, informers, self, removals, runtime } = this.#parts;
    if (key === self.key) {
      const course = decideSelfCourse(discovered, self.isWanted());
      return { course, cluster: undefined, selection: undefined, policy: undefined };
    }
    const read = clusters.read(key);
    const cluster = typeof read === 'string' ? undefined : read;
    const current = discovered.spec.policyRef?.name;
    const currentPolicy =
      current === undefined ? undefined : informers.policies.get({ name: current });
    const selection = cluster && this.#select(cluster, current);
    const course = decideCourse({
      discovered,
      cluster: read,
      selection,
      onUnselect:
        currentPolicy === undefined ? 'Retain' : (currentPolicy.spec.onUnselect ?? 'Detach'),
      gracePeriodMs: parseDuration(currentPolicy?.spec.gracePeriod ?? '5m'),
      isRemovalAllowed: () => removals.letPass(discovered, currentPolicy),
      now: runtime.clock.now().getTime(),
    });
    const policy = selection?.selected ? selection.policy : currentPolicy;
    return { course, cluster, selection, policy };
  }

  #select(cluster: CapiCluster, currentPolicy: string | undefined): Selection {
    const { informers } = this.#parts;
    const namespace = informers.namespaces.get({ name: cluster.namespace });
    return selectCluster({
      cluster,
      namespaceLabels: namespace?.metadata.labels ?? {},
      policies: informers.policies.list(),
      currentPolicy,
    });
  }

  async #follow(key: string, course: Course, pass: Pass, signal: AbortSignal): Promise<NextLookMs> {
    const { follower, times, metrics } = this.#parts;
    if (course.do === 'join' && isUpForTheFirstTime(pass)) times.begin(key);
    try {
      const next = await follower.follow(course, pass, signal);
      times.note(key, pass.progress);
      if (next === undefined && course.do === 'join' && !pass.progress.isTrue('Connected')) {
        metrics.attempts.inc({ result: 'advanced', reason: '' });
        return this.#retries.next(key, 'Connected', 'agent');
      }
      if (next === undefined) this.#retries.clear(key);
      return next;
    } catch (error) {
      if (!(error instanceof Blocked)) throw error;
      times.note(key, pass.progress);
      metrics.attempts.inc({ result: 'blocked', reason: error.reason });
      pass.progress.put(error.condition, 'False', error.reason, error.message);
      return this.#retries.next(key, error.reason, error.retry);
    }
  }

  async #record(
    key: string,
    course: Course,
    pass: Pass,
    before: DiscoveredCluster,
    signal: AbortSignal,
  ): Promise<void> {
    const { client, events } = this.#parts.runtime;
    const { progress } = pass;
    const status = withoutUndefined({
      ...before.status,
      ...pass.status,
      phase: phaseOf(course, progress),
      conditions: progress.conditions,
    });
    const manager = { fieldManager: creators.discovery };
    try {
      const { discovered } = pass;
      const after = await patchStatus(
        client,
        discoveredClusters,
        discovered,
        status,
        manager,
        signal,
      );
      if (after !== discovered) this.#ownWrites.note(key, after);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    for (const event of joinEvents(before.status?.conditions ?? [], progress.conditions)) {
      const record = event.type === 'Normal' ? 'normal' : 'warning';
      events[record](before, event.reason, event.message);
    }
  }
}

function isUpForTheFirstTime({ cluster, progress }: Pass): boolean {
  const isUp = cluster === undefined || cluster.controlPlaneInitialized;
  return isUp && !progress.isTrue('ControlPlaneInitialized');
}

/** The conditions that follow from the course itself. */
function noteCourse(progress: Progress, course: Course, selection: Selection | undefined): void {
  if (course.do === 'join')
    progress.set(
      'Selected',
      'True',
      selection?.selected ? selection.reason : 'Selected',
      selection?.message ?? 'the parent is its own child',
    );
  if (course.do === 'ignore' || course.do === 'keep' || course.do === 'detach')
    progress.set('Selected', 'False', course.reason, course.message);
  if (course.do === 'leave')
    progress.set('Deleting', 'True', 'ClusterDeleted', 'its Cluster is deleted: it is signed off');
  else if (course.do === 'detach')
    progress.set('Deleting', 'True', 'Detaching', 'its agent is removed and it is signed off');
  else progress.set('Deleting', 'False', 'NotDeleting', 'nobody asked for its removal');
  if (course.do === 'freeze' && course.why === 'Paused')
    progress.set('Paused', 'True', 'Paused', 'its Cluster is paused: nothing is changed');
  else progress.set('Paused', 'False', 'NotPaused', 'its Cluster is not paused');
}

/** A field without a value is left out: the patch then removes it. */
function withoutUndefined(status: object): DiscoveredClusterStatus {
  return Object.fromEntries(Object.entries(status).filter(([, value]) => value !== undefined));
}
