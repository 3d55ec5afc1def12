import type { Cycle } from './framework/plugin.ts';
import type { Decision } from './place.ts';
import { specHash } from './spec-hash.ts';

/** Whether replicas that run may be moved in this cycle, by spec.rebalance. */
export function rebalances(
  { subscription, bound, rebalanceDue }: Cycle,
  { clusters = [], candidates }: Decision,
): boolean {
  const { spec, status } = subscription;
  switch (spec.rebalance?.policy) {
    case 'Schedule':
      return rebalanceDue === true;
    case 'OnChange': {
      const staying = new Set(clusters);
      const joins = bindsAll(spec) && candidates.some(({ key }) => !bound.has(key));
      const leaves = [...bound].some(key => !staying.has(key));
      return joins || leaves || status?.specHash !== specHash(spec);
    }
    default:
      return false;
  }
}

/** Otherwise clusters stay out on purpose, and one that is not bound is none that joins. */
function bindsAll({ dividingScheduling }: Cycle['subscription']['spec']): boolean {
  const { strategy, maxClusters } = dividingScheduling?.dynamicDividing ?? {};
  return strategy !== 'Binpack' && maxClusters === undefined;
}
