import { createTask, type ScheduledTask } from 'node-cron';
import type { Subscription } from '../api/apps/subscription.ts';
import { parseDuration } from '../api/duration.ts';
import { type Rebalance, rebalanceProblems } from './rebalance-problems.ts';

const minuteMs = 60_000;

/**
 * Whether replicas may be moved now by rebalance policy Schedule: a scheduled time was within the window before
 * `now`, and nothing has been rebalanced since.
 */
export function isRebalanceDue({ spec, status }: Subscription, now: Date): boolean {
  const schedule = scheduleOf(spec.rebalance);
  if (!schedule) return false;
  const last = status?.lastRebalanceTime ? Date.parse(status.lastRebalanceTime) : -Infinity;
  const opened = Math.max(now.getTime() - parseDuration(schedule.window), last);
  return ask(schedule, task => {
    const minute = Math.floor(now.getTime() / minuteMs) * minuteMs;
    for (let time = minute; time > opened; time -= minuteMs) {
      if (task.match(new Date(time))) return true;
    }
    return false;
  });
}

/** Milliseconds from now to the next scheduled time; undefined without one. */
export function untilNextRebalance({ spec }: Subscription): number | undefined {
  const schedule = scheduleOf(spec.rebalance);
  return schedule && ask(schedule, task => (task.getNextRuns(1)[0]?.getTime() ?? 0) - Date.now());
}

interface Schedule {
  readonly schedule: string;
  readonly timeZone: string;
  readonly window: string;
}

function scheduleOf(rebalance: Rebalance | undefined): Schedule | undefined {
  if (rebalance?.policy !== 'Schedule' || rebalanceProblems(rebalance).length > 0) return undefined;
  const { schedule = '', timeZone = 'UTC', window = '1h' } = rebalance;
  return { schedule, timeZone, window };
}

/** A task of node-cron knows its times; it is never started, and not kept. */
function ask<Answer>(
  { schedule, timeZone }: Schedule,
  read: (task: ScheduledTask) => Answer,
): Answer {
  const task = createTask(schedule, () => undefined, { timezone: timeZone });
  try {
    return read(task);
  } finally {
    void task.destroy();
  }
}
