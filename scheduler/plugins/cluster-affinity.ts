import { matchesSelector, validateSelector } from '../../api/label-selector.ts';
import type { Plugin } from '../framework/plugin.ts';
import { refusal } from '../refusal.ts';

/** Clusters whose labels a subscriber asks for. A malformed selector refuses the Subscription whole. */
export function clusterAffinity(): Plugin {
  return {
    name: 'ClusterAffinity',
    preFilter: ({ subscription }) => {
      const problems = subscription.spec.subscribers.flatMap(
        ({ clusterAffinity: selector }, index) =>
          validateSelector(selector, `spec.subscribers[${index}].clusterAffinity`),
      );
      if (problems.length === 0) return undefined;
      return refusal('InvalidSelector', problems.join('; '));
    },
    filter: ({ subscription }, { metadata }) => {
      const matches = subscription.spec.subscribers.some(subscriber =>
        matchesSelector(subscriber.clusterAffinity, metadata.labels),
      );
      return matches ? undefined : { reason: 'do not match any subscriber', evicts: true };
    },
  };
}
