import type { ReplicaRequirements } from '../../../api/apps/feed-inventory.ts';
import type { ResourceAmounts } from '../../../api/core/resource-amounts.ts';
import type { Node } from '../../../kube/builtin-kinds.ts';

/** What a node has left for pods to come. Negative where more was promised than there is. */
export interface Room {
  readonly free: ResourceAmounts;
  readonly pods: number;
}

/** How many replicas with these requirements fit, as every plugin sees the question. */
export interface Question {
  readonly requirements: ReplicaRequirements;
  /** What one replica takes of a node. */
  readonly requests: ResourceAmounts;
  roomOn(node: Node): Room;
  /** What plugins hand to each other, by a name of their own. */
  readonly notes: Map<string, unknown>;
}

/** A node that passed the filters. */
export interface ComputedNode {
  readonly node: Node;
  /** How many replicas fit on it: the smallest number that a plugin named. */
  readonly replicas: number;
  readonly score: number;
}

/** Replicas by topology; `default` is the whole cluster. */
export type Prediction = Readonly<Record<string, number>>;

/**
 * A plugin takes part in a prediction at the points whose method it has, under upstream's names and in their order.
 * Plugins are pure: the same question gives the same answer.
 */
export interface PredictorPlugin {
  readonly name: string;
  /** What its score counts beside others; 1 unless said otherwise. */
  readonly weight?: number;
  /** Before any node is looked at; a sentence refuses the question as malformed. */
  preFilter?(question: Question): string | undefined;
  /** May the replicas run on this node? */
  filter?(question: Question, node: Node): boolean;
  /** No node passed the filters. */
  postFilter?(question: Question): void;
  /** Before room is computed. */
  preCompute?(question: Question, nodes: readonly Node[]): void;
  /** How many replicas fit on the node. */
  compute?(question: Question, node: Node): number;
  /** Before scores are given. */
  preScore?(question: Question, nodes: readonly Node[]): void;
  /** How well the node suits; higher is better. */
  score?(question: Question, node: Node): number;
  /** Before the nodes become one answer. */
  preAggregate?(question: Question, nodes: readonly ComputedNode[]): void;
  /** Makes one answer of the nodes, which come best first; undefined leaves it to the next plugin. */
  aggregate?(question: Question, nodes: readonly ComputedNode[]): Prediction | undefined;
}
