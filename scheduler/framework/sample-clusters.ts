import type { Subscription } from '../../api/apps/subscription.ts';
import { sortByKey } from '../cluster-index.ts';
import type { KeyedCluster } from '../sorted-clusters.ts';
import { specHash } from '../spec-hash.ts';
import { filterClusters, type Judgement } from './filter-clusters.ts';
import type { Cycle } from './plugin.ts';
import type { Profile } from './profile.ts';

/** Of fewer clusters all are looked at. */
const fewest = 100;

/**
 * Asks the filters about all clusters, or, when a Subscription may do with some of them, about as many as it takes to
 * find enough: those it is bound to first, then the others from a place of its own, so that not all look at the same.
 */
export function sampleClusters(
  profile: Profile,
  cycle: Cycle,
  clusters: readonly KeyedCluster[],
): Judgement {
  const enough = sampleSize(
    cycle.subscription,
    clusters.length,
    profile.percentageOfClustersToScore,
  );
  if (enough >= clusters.length) return filterClusters(profile, cycle, clusters);
  const bound = clusters.filter(({ key }) => cycle.bound.has(key));
  const others = rotate(
    clusters.filter(({ key }) => !cycle.bound.has(key)),
    specHash(cycle.subscription.spec),
  );
  const first = filterClusters(profile, cycle, bound);
  const fitting = [...first.fitting];
  const rejections = new Map(first.rejections);
  for (let from = 0; fitting.length < enough && from < others.length; from += fewest) {
    const more = filterClusters(profile, cycle, others.slice(from, from + fewest));
    fitting.push(...more.fitting.slice(0, enough - fitting.length));
    for (const [key, rejection] of more.rejections) rejections.set(key, rejection);
  }
  return { fitting: sortByKey(fitting), rejections };
}

/**
 * How many clusters that fit are enough. All for what goes to every cluster, or by weights to each its share; for
 * dynamic dividing the percentage, of which 0 is upstream's adaptive one: 50 less one for each 125 clusters, at least 5.
 */
export function sampleSize({ spec }: Subscription, clusters: number, percentage: number): number {
  const dynamic =
    spec.schedulingStrategy === 'Dividing' && spec.dividingScheduling?.type === 'Dynamic';
  if (!dynamic || clusters < fewest) return clusters;
  const part = percentage === 0 ? Math.max(5, 50 - Math.floor(clusters / 125)) : percentage;
  return Math.min(clusters, Math.max(fewest, Math.floor((clusters * part) / 100)));
}

function rotate<T>(items: readonly T[], by: number): readonly T[] {
  const start = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
