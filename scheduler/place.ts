import type { Subscription, SubscriptionStatus } from '../api/apps/subscription.ts';
import { isTrue } from '../api/conditions.ts';
import { annotations } from '../api/well-known.ts';
import { conditionTypes } from './condition-types.ts';
import type { Hold } from './failover/plan-evictions.ts';
import { type SettledEvictions, settleEvictions } from './failover/settle-evictions.ts';
import { type Considered, considerClusters } from './framework/consider-clusters.ts';
import type { Judgement } from './framework/filter-clusters.ts';
import type { Candidate, Cycle, Placement, Refusal } from './framework/plugin.ts';
import type { Profile } from './framework/profile.ts';
import { sampleClusters } from './framework/sample-clusters.ts';
import { scoreClusters } from './framework/score-clusters.ts';
import { refusal } from './refusal.ts';
import { guardRemovals } from './removal-guard.ts';
import { selectClusters } from './select-clusters.ts';
import { specProblems } from './spec-problems.ts';

/** What a placement is decided from besides its cycle. */
export interface World {
  /** Clusters, by `namespace/name`, whose deletion the API server has reported. */
  readonly deleted: ReadonlySet<string>;
  /** Inferred removals of this Subscription in the last ten minutes. */
  readonly recentRemovals: number;
}

/** Where a Subscription goes, or why not. */
export interface Decision {
  /** `namespace/name`, sorted; undefined leaves whatever placement there is alone. */
  readonly clusters?: readonly string[];
  /** Those of `clusters` that it was selected for, in the same order, for dividing replicas; the others are held. */
  readonly candidates: readonly Candidate[];
  /** With strategy Dividing. */
  readonly replicas?: Placement['replicas'];
  /** Which replicas found no room, when some did not. */
  readonly shortfall?: string;
  /** What was predicted of each candidate, when somebody had to be asked. */
  readonly predicted?: readonly Candidate[];
  /** It was rebalanced because a scheduled time had come. */
  readonly rebalanced?: true;
  /** What the status is to say about evictions under way. */
  readonly failover?: SubscriptionStatus['failover'];
  /** Why it could not be placed as asked. */
  readonly refusal?: Refusal;
  /** Clusters that leave the placement without a recorded deletion. */
  readonly removed: readonly string[];
  /** Clusters that would have left it, and stay until an administrator confirms. */
  readonly held: readonly string[];
  /** Clusters that are being left and stay bound, with what they have, until others stand in for them. */
  readonly evicting?: readonly string[];
  /** Why they do, or why no eviction starts. */
  readonly hold?: Hold;
  /** The guard's limit, when it held something. */
  readonly limit?: number;
}

/** Leaves whatever placement there is alone, and says why. */
export function leaveAlone(refusal: Refusal): Decision {
  return { refusal, candidates: [], removed: [], held: [] };
}

/** Decides where a Subscription goes; pure but for the notes plugins leave in the cycle. */
export function place(profile: Profile, cycle: Cycle, world: World): Decision {
  const problems = specProblems(cycle.subscription.spec);
  if (problems.length > 0) return leaveAlone(refusal('InvalidSpec', problems.join('; ')));
  const considered = considerClusters(profile, cycle);
  if ('refusal' in considered) return leaveAlone(considered.refusal);
  const judgement = sampleClusters(profile, cycle, considered.clusters);
  const scored = scoreClusters(profile, cycle, judgement);
  const unscored = profile.firstAnswer('preScore', plugin => plugin.preScore(cycle, scored));
  if (unscored) return leaveAlone(unscored);
  const evicting = cycle.evictions?.evicting;
  const staying = evicting?.size ? scored.filter(({ key }) => !evicting.has(key)) : scored;
  const wanted = selectClusters(cycle.subscription, staying, cycle.bound);
  const evictions = settleEvictions(cycle, scored, wanted);
  const kept = new Set(evictions.kept);
  const inferred = inferredRemovals(cycle, world, wanted).filter(key => !kept.has(key));
  if (wanted.length === 0)
    return nowhere(profile, cycle, { ...judgement, ...considered }, inferred, evictions);
  const { removed, held, limit } = guardRemovals({
    inferred,
    bound: cycle.bound.size,
    recent: world.recentRemovals,
    holding: isTrue(cycle.subscription.status?.conditions, conditionTypes.massChange),
    confirmed: isConfirmed(cycle.subscription),
  });
  const keys = wanted.map(({ key }) => key);
  const stay = [...held, ...evictions.kept];
  const clusters = stay.length === 0 ? keys : [...keys, ...stay].sort();
  return {
    clusters,
    candidates: wanted,
    removed,
    held,
    // One that may go and is held by the guard is being left still.
    ...(evicting?.size && { evicting: stay.filter(key => evicting.has(key)).sort() }),
    ...(evictions.hold && { hold: evictions.hold }),
    ...(held.length > 0 && { limit }),
  };
}

/** Bound clusters that are no longer wanted although nobody has deleted them. */
function inferredRemovals(cycle: Cycle, world: World, wanted: readonly Candidate[]): string[] {
  const staying = wanted.reduce((count, { key }) => (cycle.bound.has(key) ? count + 1 : count), 0);
  if (staying === cycle.bound.size) return [];
  const stays = new Set(wanted.map(({ key }) => key));
  return [...cycle.bound]
    .filter(key => !(stays.has(key) || cycle.clusters.isLeaving(key) || world.deleted.has(key)))
    .sort();
}

/** No cluster is left: what it had stays, since nobody asked for it to be withdrawn. */
function nowhere(
  profile: Profile,
  cycle: Cycle,
  { rejections, excluded }: Judgement & Considered,
  inferred: readonly string[],
  { kept: evicting, hold }: SettledEvictions,
): Decision {
  const own = profile.firstAnswer('postFilter', plugin => plugin.postFilter(cycle, rejections));
  const confirmed = isConfirmed(cycle.subscription);
  const kept = (confirmed ? evicting : [...inferred, ...evicting]).toSorted();
  const message = [
    `0/${cycle.clusters.list().length} clusters are available${summary(rejections, excluded)}`,
    ...(kept.length > 0 ? [keptMessage(kept, cycle.subscription)] : []),
  ].join('. ');
  return {
    clusters: kept,
    candidates: [],
    refusal: own ?? refusal('NoFeasibleCluster', message),
    removed: confirmed ? inferred : [],
    held: [],
    ...(evicting.length > 0 && { evicting }),
    ...(hold && { hold }),
  };
}

function keptMessage(kept: readonly string[], { metadata }: Subscription): string {
  const annotation = `${annotations.confirmMassChange}: "${metadata.generation}"`;
  return (
    `The last placement (${kept.join(', ')}) is kept: to withdraw it, delete the Subscription ` +
    `or set annotation ${annotation}`
  );
}

/** `: 2 are not ready, 1 do not match any subscriber`, most frequent first. */
function summary(rejections: Judgement['rejections'], excluded: Considered['excluded']): string {
  const counts = new Map(excluded);
  for (const { reason } of rejections.values()) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const reasons = [...counts]
    .map(([reason, count]) => ({ reason, count }))
    .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1));
  if (reasons.length === 0) return '';
  return `: ${reasons.map(({ reason, count }) => `${count} ${reason}`).join(', ')}`;
}

function isConfirmed({ metadata }: Subscription): boolean {
  const confirmed = metadata.annotations?.[annotations.confirmMassChange];
  return confirmed !== undefined && confirmed === String(metadata.generation);
}
