import { maxReplicas } from '../../../api/apps/feed-inventory.ts';
import type { PredictorPlugin } from '../framework/plugin.ts';

/** One number for the whole cluster: what fits on all nodes together. */
export const defaultAggregator: PredictorPlugin = {
  name: 'DefaultAggregator',
  aggregate: (_question, nodes) => {
    const sum = nodes.reduce((total, { replicas }) => total + replicas, 0);
    return { default: Math.min(sum, maxReplicas) };
  },
};
