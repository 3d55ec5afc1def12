import type { Node } from '../../../kube/builtin-kinds.ts';
import type { ComputedNode, Prediction, PredictorPlugin, Question } from './plugin.ts';

/** The answer, or why there can be none. */
export type PredictOutcome = { readonly replicas: Prediction } | { readonly refusal: string };

/** Takes a question through all points of the plugins; nodes that pass no filter count nothing, and none at all is 0. */
export function predictReplicas(
  plugins: readonly PredictorPlugin[],
  question: Question,
  nodes: readonly Node[],
): PredictOutcome {
  for (const plugin of plugins) {
    const refusal = plugin.preFilter?.(question);
    if (refusal !== undefined) return { refusal };
  }
  const feasible = nodes.filter(node =>
    plugins.every(plugin => plugin.filter?.(question, node) ?? true),
  );
  if (feasible.length === 0) for (const plugin of plugins) plugin.postFilter?.(question);
  const computed = computeNodes(plugins, question, feasible);
  for (const plugin of plugins) plugin.preAggregate?.(question, computed);
  for (const plugin of plugins) {
    const replicas = plugin.aggregate?.(question, computed);
    if (replicas !== undefined) return { replicas };
  }
  return { replicas: { default: 0 } };
}

/** Best first; equals in the order they came. */
function computeNodes(
  plugins: readonly PredictorPlugin[],
  question: Question,
  nodes: readonly Node[],
): readonly ComputedNode[] {
  for (const plugin of plugins) plugin.preCompute?.(question, nodes);
  const replicas = nodes.map(node => smallest(plugins, question, node));
  for (const plugin of plugins) plugin.preScore?.(question, nodes);
  return nodes
    .map((node, index) => ({
      node,
      replicas: replicas[index] ?? 0,
      score: scoreOf(plugins, question, node),
    }))
    .sort((a, b) => b.score - a.score);
}

function smallest(plugins: readonly PredictorPlugin[], question: Question, node: Node): number {
  const counts = plugins.flatMap(plugin => plugin.compute?.(question, node) ?? []);
  return counts.length === 0 ? 0 : Math.min(...counts);
}

function scoreOf(plugins: readonly PredictorPlugin[], question: Question, node: Node): number {
  return plugins.reduce(
    (sum, plugin) => sum + (plugin.weight ?? 1) * (plugin.score?.(question, node) ?? 0),
    0,
  );
}
