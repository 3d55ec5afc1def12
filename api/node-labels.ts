import type { KubeObject } from './kube-object.ts';
import { isLabelKey, isLabelValue } from './label-syntax.ts';
import { labelPrefixes, labels } from './well-known.ts';

type Labels = Readonly<Record<string, string>>;

/** What is read of a core/v1 Node. */
export interface LabelledNode extends Pick<KubeObject, 'metadata'> {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** Which node labels become labels of the cluster. */
export interface NodeLabelRule {
  /** Beginnings of the label keys that count. */
  readonly prefixes: readonly string[];
  /** The share of workers, above 0 and up to 1, that must agree on a value. */
  readonly threshold: number;
}

/** What an agent does that is told nothing. */
export const defaultNodeLabelRule: NodeLabelRule = {
  prefixes: [labelPrefixes.nodes],
  threshold: 0.8,
};

/** What the discovery add-on ships: the labels of Node Feature Discovery count too. */
export const addOnNodeLabelRule: NodeLabelRule = {
  ...defaultNodeLabelRule,
  prefixes: [labelPrefixes.nodes, labelPrefixes.nodeFeatures],
};

/** How far below the threshold a value may fall before it is taken back, so that it does not flap. */
const hysteresis = 0.1;
/** Shares are quotients of small integers; nothing real lies closer together than this. */
const tolerance = 1e-9;

/**
 * The labels that enough worker nodes share. Workers that are not Ready or are going away do not count;
 * when none counts (a pool scaled to zero, say) what was known before stays.
 */
export function aggregateNodeLabels(
  nodes: readonly LabelledNode[],
  previous: Labels | undefined,
  rule: NodeLabelRule = defaultNodeLabelRule,
): Labels {
  const workers = nodes.filter(isCountedWorker);
  if (workers.length === 0) return previous ?? {};
  const result: [string, string][] = [];
  for (const [key, counts] of countValues(workers, rule.prefixes)) {
    const value = agreedValue(counts, workers.length, previous?.[key], rule.threshold);
    if (value !== undefined) result.push([key, value]);
  }
  return Object.fromEntries(result.sort(([a], [b]) => compareText(a, b)));
}

function isCountedWorker({ metadata, status }: LabelledNode): boolean {
  const own = metadata.labels ?? {};
  const isWorker = !(labels.controlPlaneNode in own) && !(labels.masterNode in own);
  const isReady = status?.conditions?.some(each => each.type === 'Ready' && each.status === 'True');
  return isWorker && metadata.deletionTimestamp === undefined && isReady === true;
}

type Counts = ReadonlyMap<string, number>;

function countValues(
  nodes: readonly LabelledNode[],
  prefixes: readonly string[],
): ReadonlyMap<string, Counts> {
  const counts = new Map<string, Map<string, number>>();
  for (const { metadata } of nodes) {
    for (const [key, value] of Object.entries(metadata.labels ?? {})) {
      if (!prefixes.some(prefix => key.startsWith(prefix))) continue;
      const values = counts.getOrInsertComputed(key, () => new Map());
      values.set(value, (values.get(value) ?? 0) + 1);
    }
  }
  return counts;
}

/** The most frequent value if it reaches the threshold, else the previous one while it nearly does. */
function agreedValue(
  counts: Counts,
  total: number,
  previous: string | undefined,
  threshold: number,
): string | undefined {
  const reaches = (count: number, share: number) => count / total >= share - tolerance;
  const [winner, most] = mostFrequent(counts, previous);
  if (reaches(most, threshold)) return winner;
  const kept = previous === undefined ? 0 : (counts.get(previous) ?? 0);
  return kept > 0 && reaches(kept, threshold - hysteresis) ? previous : undefined;
}

/** Of equally frequent values the previous one wins, then the first in the alphabet. */
function mostFrequent(counts: Counts, previous: string | undefined): readonly [string, number] {
  const ranked = [...counts].sort(
    ([a, countA], [b, countB]) =>
      countB - countA || Number(b === previous) - Number(a === previous) || compareText(a, b),
  );
  return ranked[0] ?? ['', 0];
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Which of the labels a child reports may be put on its ManagedCluster, and why the others may not. */
export function acceptNodeLabels(
  reported: Labels,
  prefixes: readonly string[],
): { readonly accepted: Labels; readonly refused: readonly string[] } {
  const accepted: [string, string][] = [];
  const refused: string[] = [];
  for (const [key, value] of Object.entries(reported)) {
    const problem = labelProblem(key, value, prefixes);
    if (problem === undefined) accepted.push([key, value]);
    else refused.push(`${key}: ${problem}`);
  }
  return { accepted: Object.fromEntries(accepted), refused };
}

function labelProblem(key: string, value: string, prefixes: readonly string[]): string | undefined {
  if (!prefixes.some(prefix => key.startsWith(prefix))) {
    return `the key must start with ${prefixes.join(' or ')}`;
  }
  if (!isLabelKey(key)) return 'the key is not a label key';
  return isLabelValue(value) ? undefined : 'the value is not a label value';
}
