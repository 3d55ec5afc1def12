import type { ManagedClusterStatus } from '../../api/clusters/managed-cluster.ts';
import { addQuantity, formatQuantity, parseQuantity, type Quantity } from '../../api/quantity.ts';
import type { Node } from '../../kube/builtin-kinds.ts';

type Resources = NonNullable<ManagedClusterStatus['capacity']>;

/** What the nodes are and have together. */
export type NodeFacts = Required<
  Pick<ManagedClusterStatus, 'nodeStatistics' | 'capacity' | 'allocatable'>
>;

const alwaysSummed = ['cpu', 'memory'];
/** Told only by clusters that have some. */
const summedWhenPresent = ['nvidia.com/gpu'];

/** Counts the nodes by readiness and adds up what they have, whether they are ready or not. */
export function nodeFacts(nodes: readonly Node[]): NodeFacts {
  const count = (status: string | undefined) =>
    nodes.filter(node => readinessOf(node) === status).length;
  return {
    nodeStatistics: {
      readyNodes: count('True'),
      notReadyNodes: count('False'),
      unknownNodes: count('Unknown'),
      lostNodes: count(undefined),
    },
    capacity: sumOf(nodes.map(node => node.status?.capacity)),
    allocatable: sumOf(nodes.map(node => node.status?.allocatable)),
  };
}

/** A node without what is neither reported nor predicted from: images, addresses and heartbeats are most of it. */
export function reduceNode({ apiVersion, kind, metadata, spec = {}, status = {} }: Node): Node {
  const { name, uid, resourceVersion, labels, deletionTimestamp } = metadata;
  const { taints, unschedulable } = spec;
  const { capacity, allocatable, conditions = [] } = status;
  return {
    apiVersion,
    kind,
    metadata: withoutUndefined({ name, uid, resourceVersion, labels, deletionTimestamp }),
    spec: withoutUndefined({ taints, unschedulable }),
    status: {
      ...withoutUndefined({ capacity, allocatable }),
      conditions: conditions
        .filter(({ type }) => type === 'Ready')
        .map(({ type, status }) => ({ type, status })),
    },
  };
}

/** Optional means absent. */
function withoutUndefined<T extends object>(
  fields: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

function readinessOf(node: Node): string | undefined {
  return node.status?.conditions?.find(condition => condition.type === 'Ready')?.status;
}

function sumOf(lists: readonly (Readonly<Record<string, string>> | undefined)[]): Resources {
  const total = (resource: string) =>
    lists.map(list => quantityOf(list?.[resource])).reduce(addQuantity, parseQuantity('0'));
  const gpus = summedWhenPresent.filter(resource => total(resource).nanos > 0n);
  return Object.fromEntries(
    [...alwaysSummed, ...gpus].map(resource => [resource, formatQuantity(total(resource))]),
  );
}

/** A node that reports nonsense must not keep the others from being counted. */
function quantityOf(text: string | undefined): Quantity {
  try {
    return parseQuantity(text ?? '0');
  } catch {
    return parseQuantity('0');
  }
}
