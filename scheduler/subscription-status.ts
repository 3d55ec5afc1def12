import type { Subscription, SubscriptionStatus } from '../api/apps/subscription.ts';
import { findCondition, setCondition } from '../api/conditions.ts';
import type { Condition } from '../api/kube-object.ts';
import { annotations } from '../api/well-known.ts';
import { conditionTypes } from './condition-types.ts';
import type { Placement } from './framework/plugin.ts';
import type { Decision } from './place.ts';
import { unknownSummary } from './predict/unknown-summary.ts';
import { PresentReplicas } from './present-replicas.ts';
import { specHash } from './spec-hash.ts';

/** The status a decision leads to; equal to the present one when nothing changes. Fields of others stay. */
export function statusAfter(
  subscription: Subscription,
  decision: Decision,
  now: Date,
): SubscriptionStatus {
  const { status = {}, spec } = subscription;
  const conditions = conditionsAfter(subscription, decision, now);
  if (decision.clusters === undefined) return { ...status, conditions };
  const { replicas: _, failover: __, ...rest } = status;
  const replicas = decision.replicas ?? keptReplicas(subscription, decision.clusters);
  return {
    ...rest,
    conditions,
    bindingClusters: decision.clusters,
    desiredReleases: decision.clusters.length,
    // A spec that could not be followed has not been scheduled.
    ...(!decision.refusal && { specHash: specHash(spec) }),
    ...(replicas && { replicas }),
    ...(decision.failover && { failover: decision.failover }),
    ...(decision.rebalanced && { lastRebalanceTime: now.toISOString() }),
  };
}

/** What the clusters have, for a placement whose replicas nobody divided anew. */
function keptReplicas(
  { spec, status }: Subscription,
  clusters: readonly string[],
): Placement['replicas'] {
  if (spec.schedulingStrategy !== 'Dividing' || !status?.replicas) return undefined;
  const present = PresentReplicas.in(status);
  return Object.fromEntries(
    Object.entries(status.replicas).map(([feed, { length }]) => [
      feed,
      length === 0 ? [] : present.column(clusters, feed),
    ]),
  );
}

type Verdict = Omit<Condition, 'type' | 'lastTransitionTime'>;

/** Those that are undefined are not there. */
function conditionsAfter(
  { metadata, spec, status }: Subscription,
  decision: Decision,
  now: Date,
): readonly Condition[] {
  const isDynamic =
    spec.schedulingStrategy === 'Dividing' && spec.dividingScheduling?.type === 'Dynamic';
  const verdicts = {
    [conditionTypes.scheduled]: verdict(decision),
    [conditionTypes.massChange]: massChange(decision, metadata.generation),
    // Where nothing could be decided, nothing has changed about it.
    ...((decision.clusters || decision.hold) && {
      [conditionTypes.evicting]: evicting(decision),
    }),
    // What was found out holds until somebody is asked again.
    ...((decision.predicted || !isDynamic) && {
      [conditionTypes.capacityUnknown]: capacityUnknown(decision),
    }),
  };
  let conditions = status?.conditions ?? [];
  for (const [type, each] of Object.entries(verdicts)) {
    if (each !== undefined) {
      const observedGeneration = metadata.generation ?? 0;
      conditions = setCondition(conditions, { type, ...each, observedGeneration }, now);
    } else if (findCondition(conditions, type)) {
      conditions = conditions.filter(condition => condition.type !== type);
    }
  }
  return conditions;
}

function verdict({ clusters = [], refusal, shortfall }: Decision): Verdict {
  if (refusal) return { status: 'False', ...refusal };
  const count = clusters.length === 1 ? '1 cluster' : `${clusters.length} clusters`;
  const message = `bound to ${count}`;
  if (shortfall === undefined) return { status: 'True', reason: 'Scheduled', message };
  return { status: 'True', reason: 'PartiallyScheduled', message: `${message}, with ${shortfall}` };
}

function massChange(decision: Decision, generation: number | undefined): Verdict | undefined {
  if (decision.held.length === 0) return undefined;
  return { status: 'True', reason: 'RemovalsHeld', message: heldMessage(decision, generation) };
}

function evicting({ evicting: leaving = [], hold }: Decision): Verdict | undefined {
  if (hold === undefined) return undefined;
  const status = hold.reason === 'ReplacementsPending' ? 'True' : 'False';
  const named = leaving.length > 0 ? `being left: ${firstFew(leaving)}; ` : '';
  return { status, reason: hold.reason, message: `${named}${hold.message}` };
}

/** The reason is that of most clusters. */
function capacityUnknown({ predicted = [] }: Decision): Verdict | undefined {
  const unknown = predicted.filter(each => each.unknown !== undefined);
  const [reason] = Object.entries(Object.groupBy(unknown, each => each.unknown?.reason ?? ''))
    .map(([each, all = []]) => ({ each, count: all.length }))
    .sort((a, b) => b.count - a.count || (a.each < b.each ? -1 : 1));
  if (reason === undefined) return undefined;
  return { status: 'True', reason: reason.each, message: unknownSummary(predicted) };
}

function heldMessage({ held, limit }: Decision, generation: number | undefined): string {
  return (
    `No longer selected, but kept: ${firstFew(held)}. More than ${limit} removals within 10 minutes that no deletion ` +
    `explains need a confirmation: set annotation ${annotations.confirmMassChange}: "${generation}"`
  );
}

/** A long list helps nobody: the first few names say which kind of cluster it is. */
function firstFew(clusters: readonly string[]): string {
  const more = clusters.length > 5 ? ` and ${clusters.length - 5} more` : '';
  return `${clusters.slice(0, 5).join(', ')}${more}`;
}
