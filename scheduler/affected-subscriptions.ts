import type { Subscription } from '../api/apps/subscription.ts';
import type { ManagedCluster } from '../api/clusters/managed-cluster.ts';
import { findCondition } from '../api/conditions.ts';
import { matchesSelector } from '../api/label-selector.ts';
import type { Change, Informer } from '../reconcile/informer.ts';
import { keyOf } from '../reconcile/key.ts';
import { demandsOf, offersOf } from './label-demand.ts';

const byAffinity = 'affinity';
const byBinding = 'binding';

/** Lets {@link affectedBy} find Subscriptions without looking at all of them. */
export function indexSubscriptions(subscriptions: Informer<Subscription>): void {
  subscriptions.addIndex(byBinding, ({ status }) => status?.bindingClusters ?? []);
  subscriptions.addIndex(byAffinity, ({ spec }) => [
    ...new Set(
      spec.subscribers.flatMap(({ clusterAffinity }) => demandsOf(clusterAffinity)[0] ?? []),
    ),
  ]);
}

/** The keys of the Subscriptions whose placement a change of a cluster can change. */
export function affectedBy(
  { type, object, old }: Change<ManagedCluster>,
  subscriptions: Informer<Subscription>,
): readonly string[] {
  if (type === 'updated' && old && sameForScheduling(old, object)) return [];
  const states = [object, ...(old ? [old] : [])].map(({ metadata }) => metadata.labels ?? {});
  const matching = states.flatMap(labels =>
    offersOf(labels)
      .flatMap(offer => subscriptions.byIndex(byAffinity, offer))
      .filter(({ spec }) =>
        spec.subscribers.some(({ clusterAffinity }) => matchesSelector(clusterAffinity, labels)),
      ),
  );
  const bound = subscriptions.byIndex(byBinding, keyOf(object));
  return [...new Set([...matching, ...bound].map(keyOf))];
}

/** Whether nothing changed that a plugin looks at. */
function sameForScheduling(a: ManagedCluster, b: ManagedCluster): boolean {
  return JSON.stringify(factsOf(a)) === JSON.stringify(factsOf(b));
}

function factsOf({ metadata, spec, status }: ManagedCluster): unknown {
  return [
    metadata.labels,
    metadata.deletionTimestamp !== undefined,
    spec.taints,
    findCondition(status?.conditions, 'Ready')?.status,
    status?.predictorEnabled,
    status?.predictorAddress,
    status?.predictorDirectAccess,
  ];
}
