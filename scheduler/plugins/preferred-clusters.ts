import type { Subscription } from '../../api/apps/subscription.ts';
import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import { matchesTerm, type NodeSelectorTerm } from '../../api/core/node-selector-term.ts';
import type { Plugin } from '../framework/plugin.ts';
import { dynamicNotes } from './dynamic-notes.ts';

type Terms = readonly {
  readonly weight: number;
  readonly preference: NodeSelectorTerm;
}[];

/** Clusters that dynamic dividing fills first: those of the largest sum of weights of the terms they match. */
export function preferredClusters(): Plugin {
  return {
    name: 'PreferredClusters',
    score: ({ subscription }, cluster) => preferenceFor(subscription, cluster),
    preAssign: (cycle, candidates) => {
      if (termsOf(cycle.subscription).length === 0) return undefined;
      const preferences = candidates.map(({ cluster }) =>
        preferenceFor(cycle.subscription, cluster),
      );
      dynamicNotes.preferences.write(cycle, preferences);
      return undefined;
    },
  };
}

const none: Terms = [];

function termsOf({ spec }: Subscription): Terms {
  const { type, dynamicDividing } = spec.dividingScheduling ?? {};
  return (type === 'Dynamic' && dynamicDividing?.preferredClusters) || none;
}

function preferenceFor(subscription: Subscription, { metadata }: ManagedCluster): number {
  const terms = termsOf(subscription);
  if (terms.length === 0) return 0;
  const { labels = {}, name = '' } = metadata;
  return terms.reduce(
    (sum, { weight, preference }) =>
      matchesTerm(preference, labels, { 'metadata.name': name }) ? sum + weight : sum,
    0,
  );
}
