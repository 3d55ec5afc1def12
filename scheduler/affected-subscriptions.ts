import type { Subscription } from '../api/apps/subscription.ts';
import type { ManagedCluster } from '../api/clusters/managed-cluster.ts';
import { findCondition } from '../api/conditions.ts';
import { type LabelSelector, matchesSelector } from '../api/label-selector.ts';
import type { Change, Informer } from '../reconcile/informer.ts';
import { keyOf } from '../reconcile/key.ts';

const byAffinity = 'affinity';
const byBinding = 'binding';
/** Selectors that do not demand a label of their own are asked about every cluster. */
const anyLabel = '*';

type Labels = Readonly<Record<string, string>>;

/** Lets {@link affectedBy} find Subscriptions without looking at all of them. */
export function indexSubscriptions(subscriptions: Informer<Subscription>): void {
  subscriptions.addIndex(byBinding, ({ status }) => status?.bindingClusters ?? []);
  subscriptions.addIndex(byAffinity, ({ spec }) => [
    ...new Set(spec.subscribers.flatMap(({ clusterAffinity }) => demandOf(clusterAffinity))),
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

/** The index keys of a selector: the values of one label it demands, or that label, or anything. */
export function demandOf(selector: LabelSelector): readonly string[] {
  const exact = Object.entries(selector.matchLabels ?? {})[0];
  if (exact) return [exact.join('=')];
  const expressions = selector.matchExpressions ?? [];
  const within = expressions.find(({ operator }) => operator === 'In');
  if (within) return (within.values ?? []).map(value => `${within.key}=${value}`);
  const exists = expressions.find(({ operator }) => operator === 'Exists');
  return [exists ? exists.key : anyLabel];
}

/** The index keys under which selectors that match these labels are found. */
export function offersOf(labels: Labels): readonly string[] {
  return [anyLabel, ...Object.entries(labels).flatMap(([key, value]) => [key, `${key}=${value}`])];
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
  ];
}
