import { type Toleration, untolerated } from '../../api/taint.ts';
import type { Plugin } from '../framework/plugin.ts';

/**
 * Taints that the Subscription does not tolerate: NoSchedule and NoExecute keep new placements away, PreferNoSchedule
 * makes a cluster less welcome. None ends a placement: that is up to failover.
 */
export function taintToleration(): Plugin {
  return {
    name: 'TaintToleration',
    filter: ({ subscription, evictions }, { spec }) => {
      if (!spec.taints?.length) return undefined;
      const given = subscription.spec.clusterTolerations ?? [];
      // With failover, one that ends lets a cluster keep what it has for so long: what came anew would have to leave again.
      const tolerations = evictions ? given.filter(each => !ends(each)) : given;
      const taints = untolerated(spec.taints, tolerations, ['NoSchedule', 'NoExecute']);
      const worst = taints.find(({ effect }) => effect === 'NoExecute') ?? taints[0];
      if (worst === undefined) return undefined;
      const taint = `${worst.key}${worst.value ? `=${worst.value}` : ''}:${worst.effect}`;
      return { reason: `have the taint ${taint}, which is not tolerated`, evicts: false };
    },
    score: ({ subscription }, { spec }) => {
      if (!spec.taints?.length) return 0;
      const tolerations = subscription.spec.clusterTolerations ?? [];
      return -untolerated(spec.taints, tolerations, ['PreferNoSchedule']).length;
    },
  };
}

function ends({ tolerationSeconds }: Toleration): boolean {
  return tolerationSeconds !== undefined;
}
