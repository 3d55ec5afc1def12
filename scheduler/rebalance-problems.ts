import { validate } from 'node-cron';
import type { SubscriptionSpec } from '../api/apps/subscription.ts';
import { parseDuration } from '../api/duration.ts';

/** When replicas that run may be moved. */
export type Rebalance = NonNullable<SubscriptionSpec['rebalance']>;

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** What is wrong with spec.rebalance, one sentence each with field and remedy; empty when it is sound. */
export function rebalanceProblems(rebalance: Rebalance): readonly string[] {
  const { policy, schedule, timeZone, window } = rebalance;
  if (policy !== 'Schedule') {
    return Object.entries({ schedule, timeZone, window }).flatMap(([name, value]) =>
      value === undefined ? [] : [`spec.rebalance.${name}: is only allowed with policy: Schedule`],
    );
  }
  return [
    ...(isSchedule(schedule)
      ? []
      : [
          `spec.rebalance.schedule: ${JSON.stringify(schedule)} is no cron schedule: write minute, hour, day of month, ` +
            'month and day of week, such as "0 2 * * 1-5"',
        ]),
    ...(timeZone === undefined || isTimeZone(timeZone)
      ? []
      : [`spec.rebalance.timeZone: there is no time zone ${JSON.stringify(timeZone)}`]),
    ...(window === undefined || isWindow(window)
      ? []
      : [
          `spec.rebalance.window: ${JSON.stringify(window)} is no duration from 1m to 24h, such as 30m`,
        ]),
  ];
}

function isSchedule(text = ''): boolean {
  return text.trim().split(/\s+/).length === 5 && validate(text);
}

function isTimeZone(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }) !== undefined;
  } catch {
    return false;
  }
}

function isWindow(text: string): boolean {
  try {
    const ms = parseDuration(text);
    return ms >= minuteMs && ms <= dayMs;
  } catch {
    return false;
  }
}
