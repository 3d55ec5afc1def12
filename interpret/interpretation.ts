import type { ReplicaRequirements } from '../api/apps/feed-inventory.ts';

/** What an object asks for, as far as its kind is known. */
export interface Interpretation {
  /** Replicas that can be divided among clusters; absent when the kind has none. */
  readonly replicas?: number;
  /** JSON pointer to the field that holds them; present when `replicas` is. */
  readonly replicaJsonPath?: string;
  /** What one replica, or one pod of a kind without replicas, needs. */
  readonly requirements?: ReplicaRequirements;
}

/** Why it is not known what an object asks for; reasons of condition FeedsInterpreted. */
export const misfitReasons = [
  'FieldInvalid',
  'ReplicasUnknown',
  'InterpreterNotReady',
  'InterpreterFailed',
  'WebhookFailed',
] as const;

export interface Misfit {
  readonly reason: (typeof misfitReasons)[number];
  /** JSON pointer into the object, or the field of a ResourceInterpreter. */
  readonly field: string;
  /** What is wrong and what is allowed. */
  readonly problem: string;
}

export type Verdict = { readonly interpretation: Interpretation } | { readonly misfit: Misfit };
