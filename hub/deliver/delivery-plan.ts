import { type Feed, formatFeed } from '../../api/apps/feed.ts';
import type { FeedInventory } from '../../api/apps/feed-inventory.ts';
import type { Subscription } from '../../api/apps/subscription.ts';
import { findCondition } from '../../api/conditions.ts';
import type { Condition } from '../../api/kube-object.ts';
import {
  type LocalizationRefusal,
  localizationProblems,
  localizeReplicas,
} from '../localize/localize-replicas.ts';
import { rawOf } from './delivered-objects.ts';
import { type FeedFacts, type FeedProblem, resolveFeeds } from './resolve-feeds.ts';

export type DeliveryCondition = Omit<Condition, 'lastTransitionTime'>;

/** What is to be done for a Subscription now. */
export interface DeliveryPlan {
  /** The rendered objects for a bound cluster, by its key; undefined leaves what is deployed as it is. */
  readonly rawFor: ((clusterKey: string) => readonly string[]) | undefined;
  /** Whether clusters that are not bound any more give back what they were given. */
  readonly withdraw: boolean;
  readonly conditions: readonly DeliveryCondition[];
}

export interface DeliveryFacts extends Required<FeedFacts> {
  /** What the feeds need; read with strategy Dividing. */
  readonly inventory: FeedInventory | undefined;
  /** The Subscription lies in a namespace that stands for a cluster, to which that cluster's agent may have access. */
  readonly inDedicatedNamespace: boolean;
}

/** Reasons of condition Rendered. */
export const renderedReasons = [
  'Rendered',
  'FeedsNotFound',
  'TooLarge',
  'DedicatedNamespace',
  'HelmNotSupported',
  ...localizationProblems,
] as const;

/** etcd takes 1.5 MiB per object; some of it goes to metadata and status. */
const rawLimit = 1_200_000;

/**
 * Decides from the Subscription and its Manifests. A placement counts only when it was decided on the present spec: before that
 * nothing is delivered and, above all, nothing withdrawn.
 */
export function planDelivery(subscription: Subscription, facts: DeliveryFacts): DeliveryPlan {
  const generation = subscription.metadata.generation ?? 0;
  const condition = (
    type: 'FeedsFound' | 'Rendered',
    status: Condition['status'],
    reason: 'FeedsFound' | FeedProblem | (typeof renderedReasons)[number],
    message: string,
  ): DeliveryCondition => ({ type, status, reason, message, observedGeneration: generation });

  if (facts.inDedicatedNamespace) {
    const message =
      'Subscriptions in a namespace that stands for a cluster are not honoured; create it in a namespace of your own.';
    return idle([condition('Rendered', 'False', 'DedicatedNamespace', message)]);
  }
  const { feeds } = subscription.spec;
  const { hasChart, ...others } = facts;
  const isDividing = subscription.spec.schedulingStrategy === 'Dividing';
  const resolution = resolveFeeds(feeds, isDividing ? facts : others);
  const feedsFound = resolution.found
    ? condition('FeedsFound', 'True', 'FeedsFound', `${count(feeds.length)} found.`)
    : condition('FeedsFound', 'False', resolution.reason, resolution.message);
  // What is divided is placed only when its feeds are there, so here is the only one to say that they are not.
  if (!isPlaced(subscription)) {
    return idle(isDividing && isNews(subscription, feedsFound) ? [feedsFound] : []);
  }
  if (!resolution.found) {
    const notFound = 'Not rendered; see FeedsFound.';
    return kept([feedsFound, condition('Rendered', 'False', 'FeedsNotFound', notFound)]);
  }
  const rendered = new Map([...resolution.manifests].map(([key, each]) => [key, rawOf(each)]));
  const raw = [...rendered.values()];
  const size = raw.reduce((sum, text) => sum + text.length, 0);
  if (size > rawLimit) {
    const message = `The feeds make ${size} bytes together and ${rawLimit} fit; split them over several Subscriptions.`;
    return kept([feedsFound, condition('Rendered', 'False', 'TooLarge', message)]);
  }
  const localized = isDividing
    ? localizeReplicas(subscription, facts.inventory, rendered)
    : { rawFor: () => raw };
  if ('reason' in localized) {
    const { reason, message } = localized;
    const conditions = [feedsFound, condition('Rendered', 'False', reason, message)];
    return misaligned(localized) ? idle(conditions) : kept(conditions);
  }
  const [chart] = resolution.charts;
  const outcome =
    chart === undefined
      ? condition('Rendered', 'True', 'Rendered', 'Rendered for every bound cluster.')
      : condition('Rendered', 'False', 'HelmNotSupported', withoutCharts(resolution.charts));
  return { rawFor: localized.rawFor, withdraw: true, conditions: [feedsFound, outcome] };
}

/** What clusters have stays as it is; those that are not bound any more give it back. */
function kept(conditions: readonly DeliveryCondition[]): DeliveryPlan {
  return { rawFor: undefined, withdraw: true, conditions };
}

/** A result that contradicts itself is no reason to take anything from anybody. */
function misaligned({ reason }: LocalizationRefusal): boolean {
  return reason === 'BadSchedulingResult';
}

function withoutCharts(charts: readonly Feed[]): string {
  const names = charts.slice(0, 5).map(formatFeed).join(', ');
  const more = charts.length > 5 ? ` and ${charts.length - 5} more` : '';
  return `This release delivers no Helm charts: all feeds but ${names}${more} are delivered.`;
}

function idle(conditions: readonly DeliveryCondition[]): DeliveryPlan {
  return { rawFor: undefined, withdraw: false, conditions };
}

/** Whether the scheduler has decided on the present generation. */
function isPlaced({ metadata, status }: Subscription): boolean {
  const scheduled = findCondition(status?.conditions, 'Scheduled');
  return (
    status?.bindingClusters !== undefined &&
    scheduled !== undefined &&
    scheduled.observedGeneration === metadata.generation
  );
}

/** Before there is a placement only a problem, and the end of one, is worth a write. */
function isNews({ status }: Subscription, { type, status: verdict }: DeliveryCondition): boolean {
  return verdict === 'False' || findCondition(status?.conditions, type)?.status === 'False';
}

function count(feeds: number): string {
  return feeds === 1 ? 'The feed is' : `All ${feeds} feeds are`;
}
