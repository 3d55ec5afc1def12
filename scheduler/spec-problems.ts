import { feedKey, formatFeed } from '../api/apps/feed.ts';
import type { SubscriptionSpec } from '../api/apps/subscription.ts';
import { isLabelKey } from '../api/label-syntax.ts';
import { rebalanceProblems } from './rebalance-problems.ts';

type DynamicDividing = NonNullable<
  NonNullable<SubscriptionSpec['dividingScheduling']>['dynamicDividing']
>;
type SpreadConstraint = NonNullable<DynamicDividing['topologySpreadConstraints']>[number];
type PreferredTerm = NonNullable<DynamicDividing['preferredClusters']>[number];

const most = 2 ** 31 - 1;

/**
 * What the scheduler cannot follow in a Subscription, one sentence each with field and remedy; empty when it is
 * sound. The API server refuses most of it, but not what was stored before it knew the rule.
 */
export function specProblems(spec: SubscriptionSpec): readonly string[] {
  const { dividingScheduling: dividing, subscribers, schedulingStrategy = 'Replication' } = spec;
  const dynamic = dividing?.dynamicDividing;
  return [
    ...oneOf('spec.schedulingStrategy', schedulingStrategy, ['Replication', 'Dividing']),
    ...oneOf('spec.dividingScheduling.type', dividing?.type ?? 'Static', ['Static', 'Dynamic']),
    ...(subscribers.length === 0
      ? ['spec.subscribers: is empty, so that no cluster matches: name at least one']
      : []),
    ...subscribers.flatMap(({ weight, subGroupStrategy }, index) => [
      ...count(`spec.subscribers[${index}].weight`, weight),
      ...count(
        `spec.subscribers[${index}].subGroupStrategy.minClusters`,
        subGroupStrategy?.minClusters,
      ),
    ]),
    ...duplicateFeeds(spec),
    ...(dynamic ? dynamicProblems(dynamic) : []),
    ...(spec.rebalance ? rebalanceProblems(spec.rebalance) : []),
  ];
}

function duplicateFeeds({ feeds }: SubscriptionSpec): string[] {
  const first = new Map<string, number>();
  return feeds.flatMap((feed, index) => {
    const earlier = first.getOrInsert(feedKey(feed), index);
    if (earlier === index) return [];
    return [
      `spec.feeds[${index}]: names ${formatFeed(feed)} again, as spec.feeds[${earlier}] does: remove one`,
    ];
  });
}

function dynamicProblems(dynamic: DynamicDividing): string[] {
  const path = 'spec.dividingScheduling.dynamicDividing';
  const { minClusters = 0, maxClusters = most } = dynamic;
  return [
    ...oneOf(`${path}.strategy`, dynamic.strategy ?? 'Spread', ['Spread', 'Binpack']),
    ...count(`${path}.minClusters`, dynamic.minClusters),
    ...count(`${path}.maxClusters`, dynamic.maxClusters, 1),
    ...(minClusters > maxClusters
      ? [`${path}.minClusters: ${minClusters} is more than maxClusters, ${maxClusters}`]
      : []),
    ...(dynamic.topologySpreadConstraints ?? []).flatMap((each, index) =>
      spreadProblems(`${path}.topologySpreadConstraints[${index}]`, each),
    ),
    ...(dynamic.preferredClusters ?? []).flatMap((each, index) =>
      termProblems(`${path}.preferredClusters[${index}]`, each),
    ),
  ];
}

function spreadProblems(path: string, each: SpreadConstraint): string[] {
  const { maxSkew, topologyKey, whenUnsatisfiable, minDomains } = each;
  return [
    ...count(`${path}.maxSkew`, maxSkew, 1),
    ...(isLabelKey(topologyKey)
      ? []
      : [`${path}.topologyKey: ${JSON.stringify(topologyKey)} is not a label key`]),
    ...oneOf(`${path}.whenUnsatisfiable`, whenUnsatisfiable, ['DoNotSchedule', 'ScheduleAnyway']),
    ...count(`${path}.minDomains`, minDomains, 1),
    ...(minDomains !== undefined && whenUnsatisfiable === 'ScheduleAnyway'
      ? [`${path}.minDomains: is only allowed with whenUnsatisfiable: DoNotSchedule`]
      : []),
  ];
}

function termProblems(path: string, { weight, preference }: PreferredTerm): string[] {
  const operators = ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'];
  const { matchExpressions = [], matchFields = [] } = preference;
  return [
    ...count(`${path}.weight`, weight, 1, 100),
    ...matchExpressions.flatMap(({ operator }, index) =>
      oneOf(`${path}.preference.matchExpressions[${index}].operator`, operator, operators),
    ),
    ...matchFields.flatMap(({ key, operator }, index) => [
      ...oneOf(`${path}.preference.matchFields[${index}].key`, key, ['metadata.name']),
      ...oneOf(`${path}.preference.matchFields[${index}].operator`, operator, ['In', 'NotIn']),
    ]),
  ];
}

function oneOf(path: string, value: string, allowed: readonly string[]): string[] {
  if (allowed.includes(value)) return [];
  return [`${path}: ${JSON.stringify(value)} is not one of ${allowed.join(', ')}`];
}

function count(path: string, value: number | undefined, least = 0, largest = most): string[] {
  if (value === undefined) return [];
  if (Number.isInteger(value) && value >= least && value <= largest) return [];
  return [`${path}: ${value} is not a whole number from ${least} to ${largest}`];
}
