import type { ReconcileResult } from '../reconcile/controller.ts';
import type { Cycle } from './framework/plugin.ts';
import type { Decision } from './place.ts';
import { untilNextRebalance } from './rebalance-times.ts';

/** Nothing tells when a predictor answers again. */
const askAgainMs = 30_000;

/** Nor when an extender does. */
const extenderRetryMs = 10_000;

/** Nor when a cluster has more room. */
const roomRetryMs = 60_000;

/** When a Subscription is to be looked at again even if nothing we watch changes. */
export function nextLook(
  { subscription, evictions }: Cycle,
  { predicted, shortfall, refusal }: Decision,
): ReconcileResult | undefined {
  const lacksRoom =
    shortfall !== undefined || ['NoCapacity', 'CapacityUnknown'].includes(refusal?.reason ?? '');
  const times = [
    predicted?.some(({ unknown }) => unknown) ? askAgainMs : undefined,
    refusal?.reason === 'ExtenderFailed' ? extenderRetryMs : undefined,
    lacksRoom ? roomRetryMs : undefined,
    evictions?.askAgainMs,
    untilNextRebalance(subscription),
  ].filter(time => time !== undefined);
  return times.length === 0 ? undefined : { requeueAfterMs: Math.min(...times) };
}
