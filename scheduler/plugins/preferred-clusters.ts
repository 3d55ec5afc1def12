import type { Subscription } from '../../api/apps/subscription.ts';
import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import { matchesTerm } from '../../api/core/node-selector-term.ts';
import type { Plugin } from '../framework/plugin.ts';
import { dynamicNotes } from './dynamic-notes.ts';

/** Clusters that dynamic dividing fills first: those of the largest sum of weights of the terms they match. */
export function preferredClusters(): Plugin {
  return {
    name: 'PreferredClusters',
    score: ({ subscription }, cluster) => preferenceFor(subscription, cluster),
    preAssign: (cycle, candidates) => {
      const preferences = candidates.map(({ cluster }) =>
        preferenceFor(cycle.subscription, cluster),
      );
      dynamicNotes.preferences.write(cycle, preferences);
      return undefined;
    },
  };
}

function preferenceFor({ spec }: Subscription, { metadata }: ManagedCluster): number {
  const { type, dynamicDividing } = spec.dividingScheduling ?? {};
  if (type !== 'Dynamic') return 0;
  const { labels = {}, name = '' } = metadata;
  return (dynamicDividing?.preferredClusters ?? []).reduce(
    (sum, { weight, preference }) =>
      matchesTerm(preference, labels, { 'metadata.name': name }) ? sum + weight : sum,
    0,
  );
}
