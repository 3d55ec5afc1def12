import { Value } from 'typebox/value';
import {
  type ReplicaRequirements,
  replicaRequirementsSchema,
} from '../../api/apps/feed-inventory.ts';
import { amountsOf } from '../../api/core/resource-amounts.ts';
import type { Node, Pod } from '../../kube/builtin-kinds.ts';
import type { Informer } from '../../reconcile/informer.ts';
import type { PredictorPlugin } from './framework/plugin.ts';
import { predictReplicas } from './framework/predict-replicas.ts';
import { NodeUsage } from './node-usage.ts';
import { defaultAggregator } from './plugins/default-aggregator.ts';
import { defaultComputer } from './plugins/default-computer.ts';
import { nodeAffinity } from './plugins/node-affinity.ts';
import { taintToleration } from './plugins/taint-toleration.ts';
import type { Predictor, PredictorAnswer } from './predictor.ts';

const plugins: readonly PredictorPlugin[] = [
  nodeAffinity,
  taintToleration,
  defaultComputer,
  defaultAggregator,
];

/** Predicts from what the agent knows of this cluster's nodes and pods. */
export function clusterPredictor(nodes: Informer<Node>, pods: Informer<Pod>): Predictor {
  const usage = new NodeUsage(pods);
  return async body => {
    if (!nodes.isSynced() || !pods.isSynced()) {
      return { status: 503, body: 'the agent has not read all nodes and pods yet' };
    }
    const requirements = readRequirements(body);
    if (typeof requirements === 'string') return { status: 400, body: requirements };
    return predict(requirements, nodes.list(), usage);
  };
}

function predict(
  requirements: ReplicaRequirements,
  nodes: readonly Node[],
  usage: NodeUsage,
): PredictorAnswer {
  const { requests, limits } = requirements.resources ?? {};
  const question = {
    requirements,
    requests: amountsOf({ ...limits, ...requests }),
    roomOn: (node: Node) => usage.roomOn(node),
    notes: new Map(),
  };
  const outcome = predictReplicas(plugins, question, nodes);
  if ('refusal' in outcome) return { status: 400, body: outcome.refusal };
  return { status: 200, body: JSON.stringify(outcome) };
}

/** The requirements, or a sentence with every field that is wrong. */
function readRequirements(body: string): ReplicaRequirements | string {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return 'the body is not JSON: send what one replica needs (nodeSelector, tolerations, affinity, resources)';
  }
  const problems = [...Value.Errors(replicaRequirementsSchema, value)]
    .slice(0, 10)
    .map(({ instancePath, message }) => `${instancePath || 'the body'}: ${message}`);
  return problems.length > 0 ? problems.join('; ') : (value as ReplicaRequirements);
}
