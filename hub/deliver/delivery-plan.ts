import type { Manifest } from '../../api/apps/manifest.ts';
import type { Subscription } from '../../api/apps/subscription.ts';
import { findCondition } from '../../api/conditions.ts';
import type { Condition } from '../../api/kube-object.ts';
import { rawOf } from './delivered-objects.ts';
import { type FeedProblem, resolveFeeds } from './resolve-feeds.ts';

export type DeliveryCondition = Omit<Condition, 'lastTransitionTime'>;

/** What is to be done for a Subscription now. */
export interface DeliveryPlan {
  /** The rendered objects for every bound cluster; undefined leaves what is deployed as it is. */
  readonly raw: readonly string[] | undefined;
  /** Whether clusters that are not bound any more give back what they were given. */
  readonly withdraw: boolean;
  readonly conditions: readonly DeliveryCondition[];
}

export interface DeliveryFacts {
  readonly manifestsOf: (feedKey: string) => readonly Manifest[];
  readonly reservedNamespace: string;
  /** The Subscription lies in a namespace that stands for a cluster, to which that cluster's agent may have access. */
  readonly inDedicatedNamespace: boolean;
}

/** Reasons of condition Rendered. */
export const renderedReasons = [
  'Rendered',
  'FeedsNotFound',
  'TooLarge',
  'DedicatedNamespace',
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
  if (!isPlaced(subscription)) return idle([]);
  const { feeds } = subscription.spec;
  const resolution = resolveFeeds(feeds, facts.manifestsOf, facts.reservedNamespace);
  if (!resolution.found) {
    const { reason, message } = resolution;
    return {
      raw: undefined,
      withdraw: true,
      conditions: [
        condition('FeedsFound', 'False', reason, message),
        condition('Rendered', 'False', 'FeedsNotFound', 'Not rendered; see FeedsFound.'),
      ],
    };
  }
  const found = condition('FeedsFound', 'True', 'FeedsFound', `${count(feeds.length)} found.`);
  const raw = resolution.manifests.map(rawOf);
  const size = raw.reduce((sum, text) => sum + text.length, 0);
  if (size > rawLimit) {
    const message = `The feeds make ${size} bytes together and ${rawLimit} fit; split them over several Subscriptions.`;
    const tooLarge = condition('Rendered', 'False', 'TooLarge', message);
    return { raw: undefined, withdraw: true, conditions: [found, tooLarge] };
  }
  const rendered = condition('Rendered', 'True', 'Rendered', 'Rendered for every bound cluster.');
  return { raw, withdraw: true, conditions: [found, rendered] };
}

function idle(conditions: readonly DeliveryCondition[]): DeliveryPlan {
  return { raw: undefined, withdraw: false, conditions };
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

function count(feeds: number): string {
  return feeds === 1 ? 'The feed is' : `All ${feeds} feeds are`;
}
