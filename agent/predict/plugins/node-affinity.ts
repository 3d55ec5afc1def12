import { allowsNode } from '../../../api/core/node-affinity.ts';
import type { PredictorPlugin } from '../framework/plugin.ts';

/** Nodes that nodeSelector and required node affinity allow. */
export const nodeAffinity: PredictorPlugin = {
  name: 'NodeAffinity',
  filter: ({ requirements }, { metadata }) =>
    allowsNode(requirements, { name: metadata.name ?? '', labels: metadata.labels ?? {} }),
};
