import { considerClusters } from '../framework/consider-clusters.ts';
import { filterClusters } from '../framework/filter-clusters.ts';
import type { Cycle, Refusal } from '../framework/plugin.ts';
import type { Profile } from '../framework/profile.ts';
import { refusal } from '../refusal.ts';

/** Lets each extender say what it has to say about the clusters that fit so far; the refusal of one that failed. */
export async function consultExtenders(
  profile: Profile,
  cycle: Cycle,
  signal: AbortSignal,
): Promise<Refusal | undefined> {
  const considered = considerClusters(profile, cycle);
  // Why it is refused is said by who decides.
  if ('refusal' in considered) return undefined;
  const { fitting } = filterClusters(profile, cycle, considered.clusters);
  if (fitting.length === 0) return undefined;
  try {
    await Promise.all(profile.extenders.map(each => each.consult(cycle, fitting, signal)));
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return refusal('ExtenderFailed', error instanceof Error ? error.message : String(error));
  }
}
