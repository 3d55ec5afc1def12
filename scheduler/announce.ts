import type { Subscription, SubscriptionStatus } from '../api/apps/subscription.ts';
import { findCondition } from '../api/conditions.ts';
import type { EventRecorder } from '../reconcile/event-recorder.ts';
import { keyOf } from '../reconcile/key.ts';
import { conditionTypes } from './condition-types.ts';

/** Tells by events what a new status changes for the people who wait for the Subscription. */
export function announce(
  events: EventRecorder,
  subscription: Subscription,
  status: SubscriptionStatus,
): void {
  const before = subscription.status;
  const isNews = (type: string) => {
    const [old, now] = [before, status].map(each => findCondition(each?.conditions, type));
    return now &&
      (old?.status !== now.status || old.reason !== now.reason || old.message !== now.message)
      ? now
      : undefined;
  };
  const clusters = status.bindingClusters ?? [];
  const rebound = clusters.join() !== (before?.bindingClusters ?? []).join();
  const verdict = isNews(conditionTypes.scheduled);
  if (verdict?.status === 'False') {
    events.warning(subscription, 'FailedScheduling', `${verdict.reason}: ${verdict.message}`);
  } else if (verdict || rebound) {
    const message = `Successfully bound ${keyOf(subscription)} to ${listed(clusters)}`;
    events.normal(subscription, 'Scheduled', message);
  }
  const held = isNews(conditionTypes.massChange);
  if (held) events.warning(subscription, 'MassChange', held.message);
  const unknown = isNews(conditionTypes.capacityUnknown);
  if (unknown) events.warning(subscription, 'CapacityUnknown', unknown.message);
  const evicting = isNews(conditionTypes.evicting);
  if (evicting?.status === 'False') {
    events.warning(subscription, 'EvictionHeld', `${evicting.reason}: ${evicting.message}`);
  }
}

/** As many as an event's note can hold anyway. */
function listed(clusters: readonly string[]): string {
  const more = clusters.length > 20 ? ` and ${clusters.length - 20} more` : '';
  return `${clusters.slice(0, 20).join(',')}${more}`;
}
