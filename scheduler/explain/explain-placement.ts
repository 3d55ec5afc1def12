import type { ExplainedCluster, Explanation } from '../../api/apps/explanation.ts';
import { feedKey } from '../../api/apps/feed.ts';
import { findCondition } from '../../api/conditions.ts';
import { keyOf } from '../../reconcile/key.ts';
import { clusterWeights } from '../assign/cluster-weights.ts';
import { sum } from '../assign/sum.ts';
import { conditionTypes } from '../condition-types.ts';
import type { Cycle } from '../framework/plugin.ts';
import type { Profile } from '../framework/profile.ts';
import { scoresOf } from '../framework/score-clusters.ts';
import type { Decision } from '../place.ts';
import { PresentReplicas } from '../present-replicas.ts';
import type { KeyedCluster } from '../sorted-clusters.ts';
import { statusAfter } from '../subscription-status.ts';

/** A decision that was made, and who asks about it. */
export interface ExplainedDecision {
  readonly id: string;
  readonly profile: Profile;
  readonly cycle: Cycle;
  readonly decision: Decision;
}

type Said = ExplainedCluster['said'];

/**
 * Asks each plugin anew what it says about each cluster, which is the same again since plugins that decide are pure.
 * The clusters of the placement come first, then those that match.
 */
export function explainPlacement(
  { id, profile, cycle, decision }: ExplainedDecision,
  now: Date,
): Explanation {
  const { subscription } = cycle;
  const { metadata, spec } = subscription;
  const status = statusAfter(subscription, decision, now);
  const verdict = findCondition(status.conditions, conditionTypes.scheduled);
  const said = new Words(profile, cycle);
  const all = cycle.clusters.list().map(each => ({ ...each, said: said.about(each) }));
  const fitting = all.filter(({ key, said }) => fits(said, cycle.bound.has(key)));
  const scores = new Scores(profile, cycle, fitting);
  const shares = new Shares(cycle, decision);
  const fates = new Fates(cycle, decision);
  const clusters = all.map(each => ({
    key: each.key,
    fate: fates.of(each.key, each.said),
    said: each.said,
    scores: scores.of(each.key),
    shares: shares.of(each),
    ...shares.unknown(each.key),
  }));
  const rank = ({ fate, said }: ExplainedCluster) =>
    fate !== 'Rejected' ? 0 : said.some(({ plugin }) => plugin === 'ClusterAffinity') ? 2 : 1;
  return {
    id,
    answered: now.toISOString(),
    subscription: keyOf(subscription),
    generation: metadata.generation ?? 0,
    profile: profile.schedulerName,
    verdict: {
      status: verdict?.status ?? 'Unknown',
      reason: verdict?.reason ?? '',
      message: verdict?.message ?? '',
    },
    ...(spec.schedulingStrategy === 'Dividing' && { dividing: dividingOf(cycle) }),
    feeds: shares.totals(),
    clusters: clusters.sort((a, b) => rank(a) - rank(b)),
    others: {},
  };
}

function dividingOf({ subscription }: Cycle): NonNullable<Explanation['dividing']> {
  const { type, dynamicDividing } = subscription.spec.dividingScheduling ?? {};
  return type === 'Dynamic' ? (dynamicDividing?.strategy ?? 'Spread') : 'Static';
}

function fits(said: Said, bound: boolean): boolean {
  return said.every(({ evicts }) => bound && !evicts);
}

/** What becomes of clusters. */
class Fates {
  readonly #held: ReadonlySet<string>;
  readonly #leaving: ReadonlySet<string>;
  readonly #placed: ReadonlySet<string>;

  constructor({ bound }: Cycle, { clusters, held, removed }: Decision) {
    this.#held = new Set(held);
    this.#leaving = new Set(removed);
    // Without a decision the last placement stays.
    this.#placed = clusters === undefined ? bound : new Set(clusters);
  }

  of(key: string, said: Said): ExplainedCluster['fate'] {
    if (this.#held.has(key)) return 'Held';
    if (this.#leaving.has(key)) return 'Leaves';
    if (this.#placed.has(key)) return said.length > 0 ? 'Retained' : 'Chosen';
    return said.length > 0 ? 'Rejected' : 'NotChosen';
  }
}

/** What the plugins of preFilter and filter say about clusters. */
class Words {
  readonly #profile: Profile;
  readonly #cycle: Cycle;
  readonly #narrowings: readonly {
    readonly plugin: string;
    readonly reason: string;
    readonly keys: ReadonlySet<string>;
  }[];

  constructor(profile: Profile, cycle: Cycle) {
    this.#profile = profile;
    this.#cycle = cycle;
    this.#narrowings = profile.at('preFilter').flatMap(plugin => {
      const answer = plugin.preFilter(cycle);
      if (answer === undefined || !('clusters' in answer)) return [];
      const keys = new Set(answer.clusters.map(({ key }) => key));
      return [{ plugin: plugin.name, reason: answer.reason, keys }];
    });
  }

  about({ key, cluster }: KeyedCluster): Said {
    const narrowed = this.#narrowings
      .filter(({ keys }) => !keys.has(key))
      .map(({ plugin, reason }) => ({ plugin, reason, evicts: true }));
    if (narrowed.length > 0) return narrowed;
    return this.#profile.at('filter').flatMap(plugin => {
      const rejection = plugin.filter(this.#cycle, cluster);
      return rejection ? [{ plugin: plugin.name, ...rejection }] : [];
    });
  }
}

/** What each plugin of score gives the clusters that fit. */
class Scores {
  readonly #positions: ReadonlyMap<string, number>;
  readonly #columns: readonly {
    readonly plugin: string;
    readonly weight: number;
    readonly scores: readonly number[];
  }[];

  constructor(profile: Profile, cycle: Cycle, fitting: readonly KeyedCluster[]) {
    this.#positions = new Map(fitting.map(({ key }, index) => [key, index]));
    this.#columns = profile.at('score').map(plugin => ({
      plugin: plugin.name,
      weight: profile.weightOf(plugin),
      scores: scoresOf(plugin, cycle, fitting),
    }));
  }

  of(key: string): ExplainedCluster['scores'] {
    const position = this.#positions.get(key);
    if (position === undefined) return [];
    return this.#columns.map(({ plugin, weight, scores }) => ({
      plugin,
      weight,
      score: Math.round((scores[position] ?? 0) * 100) / 100,
    }));
  }
}

/** Who gets how many replicas, and by what. */
class Shares {
  readonly #cycle: Cycle;
  readonly #decision: Decision;
  readonly #present: PresentReplicas;
  readonly #weights: readonly number[];
  readonly #positions: ReadonlyMap<string, number>;
  readonly #candidates: ReadonlyMap<string, Decision['candidates'][number]>;

  constructor(cycle: Cycle, decision: Decision) {
    const { candidates, predicted = [], clusters = [] } = decision;
    this.#cycle = cycle;
    this.#decision = decision;
    this.#present = PresentReplicas.in(cycle.subscription.status);
    this.#weights = clusterWeights(cycle.subscription.spec, cycle.clusters, clusters);
    this.#positions = new Map(clusters.map((key, index) => [key, index]));
    this.#candidates = new Map([...candidates, ...predicted].map(each => [each.key, each]));
  }

  of({ key }: KeyedCluster): ExplainedCluster['shares'] {
    const isStatic = dividingOf(this.#cycle) === 'Static';
    return this.#divided().flatMap(([feed, replicas]) => {
      const position = this.#positions.get(key);
      if (position === undefined) return [];
      const by = isStatic
        ? (this.#weights[position] ?? 0)
        : this.#candidates.get(key)?.capacity?.[feed];
      const had = this.#present.of(key, feed);
      return [{ feed, ...(by !== undefined && { by }), had, gets: replicas[position] ?? 0 }];
    });
  }

  unknown(key: string): { unknown?: string } {
    const unknown = this.#candidates.get(key)?.unknown;
    return unknown ? { unknown: `${unknown.reason}: ${unknown.message}` } : {};
  }

  totals(): Explanation['feeds'] {
    const feeds = this.#cycle.inventory?.spec.feeds ?? [];
    const wanted = new Map(feeds.map(each => [feedKey(each), each.desiredReplicas ?? 0]));
    return this.#divided().map(([feed, replicas]) => {
      return { feed, wanted: wanted.get(feed) ?? 0, placed: sum(replicas) };
    });
  }

  #divided(): readonly (readonly [string, readonly number[]])[] {
    const replicas = Object.entries(this.#decision.replicas ?? {});
    return replicas.filter(([, counts]) => counts.length > 0);
  }
}
