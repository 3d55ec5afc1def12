import type { Subscription, SubscriptionStatus } from '../../api/apps/subscription.ts';
import type { EventRecorder } from '../../reconcile/event-recorder.ts';
import type { SchedulerMetrics } from '../scheduler-metrics.ts';

/** Tells by events and counts which evictions a new status starts, completes and cancels. */
export function announceEvictions(
  events: EventRecorder,
  evictions: SchedulerMetrics['evictions'],
  subscription: Subscription,
  status: SubscriptionStatus,
): void {
  const [before, after] = [subscription.status, status].map(
    each => new Map(each?.failover?.evictions.map(eviction => [eviction.cluster, eviction])),
  );
  for (const [cluster, { reason }] of after ?? []) {
    if (before?.has(cluster)) continue;
    const message = `${reason}: ${cluster} is left as soon as others stand in for it`;
    events.warning(subscription, 'Evicting', message);
    evictions.inc({ result: 'started' });
  }
  const bound = new Set(status.bindingClusters);
  for (const [cluster, { reason }] of before ?? []) {
    if (after?.has(cluster)) continue;
    if (bound.has(cluster)) {
      events.normal(subscription, 'EvictionCancelled', `${cluster} stays: it may be used again`);
      evictions.inc({ result: 'cancelled' });
    } else {
      events.normal(subscription, 'Evicted', `${reason}: left ${cluster}, others have taken over`);
      evictions.inc({ result: 'completed' });
    }
  }
}
