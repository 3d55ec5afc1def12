import type { Refusal } from './framework/plugin.ts';

/** The reasons of our own for which a Subscription is not placed as asked; plugins of others add theirs. */
export const refusalReasons = [
  'CapacityUnknown',
  'DividingNotSupported',
  'ExtenderFailed',
  'FeedInventoryInvalid',
  'FeedInventoryMissing',
  'InvalidSelector',
  'InvalidSpec',
  'NamespaceNotAllowed',
  'NoCapacity',
  'NoFeasibleCluster',
  'NoWeight',
  'PredictionsMissing',
  'TooFewClusters',
] as const;

/** A refusal for one of the known reasons; the message says which field, why, and what to do. */
export function refusal(reason: (typeof refusalReasons)[number], message: string): Refusal {
  return { reason, message };
}
