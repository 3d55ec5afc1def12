import { maxReplicas } from '../api/apps/feed-inventory.ts';

/** A number of replicas, 1 where there is none; text says what is wrong with it. */
export function readReplicas(value: unknown): number | string {
  if (value === undefined) return 1;
  const isCount = typeof value === 'number' && Number.isInteger(value);
  if (isCount && value >= 0 && value <= maxReplicas) return value;
  const shown = (JSON.stringify(value) ?? typeof value).slice(0, 50);
  return `${shown} is not a number of replicas, which is 0 to ${maxReplicas}`;
}
