import type { TypeOf } from '../schema.ts';
import type { affinitySchema } from './affinity.ts';
import { matchesTerm } from './node-selector-term.ts';

/** What of a pod says on which nodes it may run. */
export interface NodePreference {
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly affinity?: TypeOf<typeof affinitySchema>;
}

/** A node as affinity sees it. */
export interface AffineNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Whether a pod may run on the node as far as nodeSelector and required node affinity go: both must hold. */
export function allowsNode(
  { nodeSelector = {}, affinity }: NodePreference,
  { name, labels }: AffineNode,
): boolean {
  const selected = Object.entries(nodeSelector).every(
    ([key, value]) => Object.hasOwn(labels, key) && labels[key] === value,
  );
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (!selected || required === undefined) return selected;
  return required.nodeSelectorTerms.some(term =>
    matchesTerm(term, labels, { 'metadata.name': name }),
  );
}
