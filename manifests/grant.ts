import type { PolicyRule } from '../kube/builtin-kinds.ts';

/** One right with the reason it is needed; the rule users see and the table in the docs come from it. */
export interface Grant {
  readonly verbs: readonly string[];
  readonly group: string;
  readonly resources: readonly string[];
  /** Limits the right to objects of these names. */
  readonly names?: readonly string[];
  readonly why: string;
}

/** Reads `verbs` and `resources` as words separated by spaces; `group` is empty for the core group. */
export function grant(
  verbs: string,
  group: string,
  resources: string,
  why: string,
  names?: readonly string[],
): Grant {
  return {
    verbs: verbs.split(' '),
    group,
    resources: resources.split(' '),
    why,
    ...(names !== undefined && { names }),
  };
}

/** The verbs of whoever keeps a cache. */
export const read = 'get list watch';

export function policyRules(grants: readonly Grant[]): readonly PolicyRule[] {
  return grants.map(({ verbs, group, resources, names }) => ({
    apiGroups: [group],
    resources,
    ...(names !== undefined && { resourceNames: names }),
    verbs,
  }));
}
