import { isDeepStrictEqual } from 'node:util';
import type { ManagedClusterStatus } from '../../api/clusters/managed-cluster.ts';

/**
 * The status to write, or the one there was when the facts bring nothing new. What others keep in it (conditions,
 * say) stays; the time of observation moves only together with another change.
 */
export function nextStatus(
  current: ManagedClusterStatus,
  facts: ManagedClusterStatus,
  now: Date,
): ManagedClusterStatus {
  const { lastObservedTime, ...known } = current;
  const next = { ...known, ...facts };
  if (lastObservedTime !== undefined && isDeepStrictEqual(next, known)) return current;
  return { ...next, lastObservedTime: now.toISOString().replace(/\.\d+Z$/, 'Z') };
}
