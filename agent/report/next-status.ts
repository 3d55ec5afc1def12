import { isDeepStrictEqual } from 'node:util';
import type { ManagedClusterStatus } from '../../api/clusters/managed-cluster.ts';

/** What is reported; undefined says that there is nothing to say any more. */
export type ClusterFacts = {
  readonly [Field in keyof ManagedClusterStatus]: ManagedClusterStatus[Field] | undefined;
};

/**
 * The status to write, or the one there was when the facts bring nothing new. What others keep in it (conditions,
 * say) stays; a fact that is undefined is taken out; the time of observation moves only together with another change.
 */
export function nextStatus(
  current: ManagedClusterStatus,
  facts: ClusterFacts,
  now: Date,
): ManagedClusterStatus {
  const { lastObservedTime, ...known } = current;
  const next: ManagedClusterStatus = Object.fromEntries(
    Object.entries({ ...known, ...facts }).filter(([, value]) => value !== undefined),
  );
  if (lastObservedTime !== undefined && isDeepStrictEqual(next, known)) return current;
  return { ...next, lastObservedTime: now.toISOString().replace(/\.\d+Z$/, 'Z') };
}
