import type { SpreadConstraint } from '../assign/spread-constraint.ts';
import { Note } from '../framework/note.ts';

/** What other plugins tell the DynamicAssigner at preAssign; lists are in the order of the candidates. */
export const dynamicNotes = {
  /** How much each candidate is preferred. */
  preferences: new Note<readonly number[]>('PreferredClusters'),
  /** How replicas are to be spread. */
  constraints: new Note<readonly SpreadConstraint[]>('TopologySpread'),
  /** How many clusters each feed shall have replicas in. */
  minClusters: new Note<number>('ClusterCount/min'),
  /** The candidates that may be used, by `namespace/name`. */
  usable: new Note<ReadonlySet<string>>('ClusterCount/max'),
} as const;
