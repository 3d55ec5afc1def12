import { sum } from '../assign/sum.ts';
import type { Candidate, Cycle } from '../framework/plugin.ts';
import { PresentReplicas } from '../present-replicas.ts';
import { selectClusters } from '../select-clusters.ts';
import { wantedReplicas } from '../wanted-replicas.ts';
import { isHealthy } from './is-healthy.ts';
import type { Hold } from './plan-evictions.ts';

/** What becomes of the clusters that are being left. */
export interface SettledEvictions {
  /** Stay bound, with what they have. */
  readonly kept: readonly string[];
  /** Why they do. */
  readonly hold?: Hold;
}

/**
 * Lets the clusters that are being left go, all at once, when the others have taken over: the status records the evictions,
 * enough clusters and replicas are placed on the others, those that joined or got more for it report every feed available,
 * and so does at least one of all. Until then they stay, however long that takes.
 */
export function settleEvictions(
  cycle: Cycle,
  candidates: readonly Candidate[],
  wanted: readonly Candidate[],
): SettledEvictions {
  const { subscription, evictions, bound } = cycle;
  if (evictions === undefined) return { kept: [] };
  const { evicting, hold } = evictions;
  if (evicting.size === 0) return { kept: [], ...(hold && { hold }) };
  const kept = candidates.flatMap(({ key }) => (evicting.has(key) ? [key] : []));
  if (kept.length === 0) return { kept, ...(hold && { hold }) };
  if (hold) return { kept, hold };
  const fewer =
    subscription.spec.schedulingBySubGroup &&
    selectClusters(subscription, candidates, bound).length > wanted.length;
  if (wanted.length === 0 || fewer) {
    return { kept, hold: nothingFits('no other cluster may take what they have') };
  }
  const waitsFor = missing(cycle, kept, wanted);
  if (waitsFor === undefined) return { kept: [] };
  return { kept, hold: { reason: 'ReplacementsPending', message: waitsFor } };
}

/** The others have no room, or not enough: what is to be left stays. */
export function nothingFits(why: string): Hold {
  return { reason: 'NothingFits', message: why };
}

/** What has to come before the clusters may go; undefined when nothing has. */
function missing(
  { subscription, inventory, bound }: Cycle,
  leaving: readonly string[],
  wanted: readonly Candidate[],
): string | undefined {
  const { failover } = subscription.status ?? {};
  const recorded = new Set(failover?.evictions.map(({ cluster }) => cluster));
  if (!failover || leaving.some(key => !recorded.has(key))) return 'others are to stand in first';
  if (subscription.spec.schedulingStrategy === 'Dividing') {
    const wish = wantedReplicas(subscription, inventory);
    if ('refusal' in wish) return wish.refusal.message;
    const present = PresentReplicas.in(subscription.status);
    const short = Object.entries(wish.replicas).some(
      ([feed, count]) => sum(wanted.map(({ key }) => present.of(key, feed))) < count,
    );
    if (short) return 'not all replicas have found room in the others yet';
  }
  const replacing = new Set(failover.replacements.map(({ cluster }) => cluster));
  const unwell = wanted.find(
    each => replacing.has(each.key) && !isHealthy(subscription, each.key, each.cluster),
  );
  if (unwell) return `${unwell.key} does not report every feed available yet`;
  if (wanted.some(each => bound.has(each.key) && isHealthy(subscription, each.key, each.cluster)))
    return undefined;
  return 'no other cluster reports every feed available';
}
