import { type Taint, untolerated } from '../../../api/taint.ts';
import type { Node } from '../../../kube/builtin-kinds.ts';
import type { PredictorPlugin } from '../framework/plugin.ts';

/** What a cordoned node has; Kubernetes adds it as a taint only a moment after spec.unschedulable. */
const unschedulable: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/** Nodes without NoSchedule and NoExecute taints that are not tolerated; PreferNoSchedule makes a node less welcome. */
export const taintToleration: PredictorPlugin = {
  name: 'TaintToleration',
  weight: 3,
  filter: ({ requirements: { tolerations = [] } }, node) =>
    untolerated(taintsOf(node), tolerations, ['NoSchedule', 'NoExecute']).length === 0,
  score: ({ requirements: { tolerations = [] } }, node) =>
    -untolerated(taintsOf(node), tolerations, ['PreferNoSchedule']).length,
};

function taintsOf({ spec = {} }: Node): readonly Taint[] {
  const taints = spec.taints ?? [];
  return spec.unschedulable ? [...taints, unschedulable] : taints;
}
