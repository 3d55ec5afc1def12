import type { Subscription } from '../../api/apps/subscription.ts';
import { validateSelector } from '../../api/label-selector.ts';
import { type Clusters, sortByKey } from '../cluster-index.ts';
import type { Plugin } from '../framework/plugin.ts';
import { refusal } from '../refusal.ts';
import type { KeyedCluster } from '../sorted-clusters.ts';

/** Clusters whose labels a subscriber asks for. A malformed selector refuses the Subscription whole. */
export function clusterAffinity(): Plugin {
  return {
    name: 'ClusterAffinity',
    preFilter: ({ subscription, clusters }) => {
      const problems = subscription.spec.subscribers.flatMap(
        ({ clusterAffinity: selector }, index) =>
          validateSelector(selector, `spec.subscribers[${index}].clusterAffinity`),
      );
      if (problems.length > 0) return refusal('InvalidSelector', problems.join('; '));
      return { clusters: wanted(subscription, clusters), reason: 'do not match any subscriber' };
    },
  };
}

/** Each once, however many subscribers ask for it. */
function wanted({ spec }: Subscription, clusters: Clusters): readonly KeyedCluster[] {
  const lists = spec.subscribers.map(({ clusterAffinity }) => clusters.select(clusterAffinity));
  const [first = [], second] = lists;
  if (second === undefined) return first;
  const all = new Map(lists.flat().map(each => [each.key, each]));
  return sortByKey([...all.values()]);
}
