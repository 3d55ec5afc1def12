import type { Subscription, SubscriptionStatus } from '../api/apps/subscription.ts';
import { setCondition } from '../api/conditions.ts';
import type { Condition } from '../api/kube-object.ts';
import { annotations } from '../api/well-known.ts';
import { conditionTypes } from './condition-types.ts';
import type { Placement } from './framework/plugin.ts';
import type { Decision } from './place.ts';
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
  const { replicas: _, ...rest } = status;
  const replicas = decision.replicas ?? keptReplicas(subscription, decision.clusters);
  return {
    ...rest,
    conditions,
    bindingClusters: decision.clusters,
    desiredReleases: decision.clusters.length,
    // A spec that could not be followed has not been scheduled.
    ...(!decision.refusal && { specHash: specHash(spec) }),
    ...(replicas && { replicas }),
  };
}

/** What the clusters have, for a placement whose replicas nobody divided anew. */
function keptReplicas(
  { spec, status }: Subscription,
  clusters: readonly string[],
): Placement['replicas'] {
  if (spec.schedulingStrategy !== 'Dividing' || !status?.replicas) return undefined;
  const present = new PresentReplicas(status);
  return Object.fromEntries(
    Object.entries(status.replicas).map(([feed, { length }]) => [
      feed,
      length === 0 ? [] : clusters.map(cluster => present.of(cluster, feed)),
    ]),
  );
}

function conditionsAfter(
  { metadata, status }: Subscription,
  decision: Decision,
  now: Date,
): readonly Condition[] {
  const generation = { observedGeneration: metadata.generation ?? 0 };
  const conditions = setCondition(
    status?.conditions,
    { type: conditionTypes.scheduled, ...verdict(decision), ...generation },
    now,
  );
  if (decision.held.length === 0) {
    const others = conditions.filter(({ type }) => type !== conditionTypes.massChange);
    return others.length === conditions.length ? conditions : others;
  }
  const message = heldMessage(decision, metadata.generation);
  const reason = 'RemovalsHeld';
  return setCondition(
    conditions,
    { type: conditionTypes.massChange, status: 'True', reason, message, ...generation },
    now,
  );
}

function verdict({
  clusters = [],
  refusal,
  shortfall,
}: Decision): Omit<Condition, 'type' | 'lastTransitionTime'> {
  if (refusal) return { status: 'False', ...refusal };
  const count = clusters.length === 1 ? '1 cluster' : `${clusters.length} clusters`;
  const message = `bound to ${count}`;
  if (shortfall === undefined) return { status: 'True', reason: 'Scheduled', message };
  return { status: 'True', reason: 'PartiallyScheduled', message: `${message}, with ${shortfall}` };
}

/** A long list helps nobody: the first few names say which kind of cluster it is. */
function heldMessage({ held, limit }: Decision, generation: number | undefined): string {
  const shown = held.slice(0, 5).join(', ');
  const more = held.length > 5 ? ` and ${held.length - 5} more` : '';
  return (
    `No longer selected, but kept: ${shown}${more}. More than ${limit} removals within 10 minutes that no deletion ` +
    `explains need a confirmation: set annotation ${annotations.confirmMassChange}: "${generation}"`
  );
}
