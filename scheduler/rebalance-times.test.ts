import assert from 'node:assert/strict';
import type { Subscription } from '../api/apps/subscription.ts';
import { subscription } from '../test/scheduling-objects.ts';
import { rebalanceProblems } from './rebalance-problems.ts';
import { isRebalanceDue, untilNextRebalance } from './rebalance-times.ts';

type Rebalance = NonNullable<Subscription['spec']['rebalance']>;

function due(rebalance: Omit<Rebalance, 'policy'>, now: string, lastRebalanceTime?: string) {
  const status = lastRebalanceTime ? { lastRebalanceTime } : {};
  const sub = subscription({ rebalance: { policy: 'Schedule', ...rebalance } }, status);
  return isRebalanceDue(sub, new Date(now));
}

describe('rebalancing by schedule', () => {
  const nightly = { schedule: '0 2 * * *' };

  it('is due from a scheduled time to the end of its window', () => {
    assert.equal(due(nightly, '2026-11-28T01:59:59.999Z'), false);
    assert.equal(due(nightly, '2026-11-28T02:00:00Z'), true);
    assert.equal(due(nightly, '2026-11-28T02:59:59Z'), true);
    assert.equal(due(nightly, '2026-11-28T03:00:00Z'), false);
    assert.equal(due({ ...nightly, window: '10m' }, '2026-11-28T02:30:00Z'), false);
  });

  it('is due once for each scheduled time', () => {
    assert.equal(due(nightly, '2026-11-28T02:30:00Z', '2026-11-28T02:00:01Z'), false);
    assert.equal(due(nightly, '2026-11-29T02:00:00Z', '2026-11-28T02:00:01Z'), true);
  });

  it('follows the time zone, also when its clocks are changed', () => {
    const berlin = { ...nightly, timeZone: 'Europe/Berlin', window: '1m' };
    assert.equal(due(berlin, '2026-07-01T00:00:00Z'), true);
    assert.equal(due(berlin, '2026-12-01T01:00:00Z'), true);
    assert.equal(due(berlin, '2026-12-01T02:00:00Z'), false);
  });

  it('is never due with another policy or a schedule that is none', () => {
    assert.equal(due({ schedule: '0 2 * * * *' }, '2026-11-28T02:00:00Z'), false);
    const never = subscription({ rebalance: { policy: 'Never' } });
    assert.equal(isRebalanceDue(never, new Date('2026-11-28T02:00:00Z')), false);
    assert.equal(untilNextRebalance(never), undefined);
  });

  it('knows how long it is to the next time', () => {
    const rebalance = { policy: 'Schedule' as const, schedule: '*/5 * * * *' };
    const ms = untilNextRebalance(subscription({ rebalance })) ?? -1;
    assert.ok(ms > 0 && ms <= 300_000, `${ms} ms`);
  });

  const wrong: [string, Rebalance, RegExp][] = [
    ['no schedule', { policy: 'Schedule' }, /^spec\.rebalance\.schedule: undefined is no cron/],
    [
      'seconds',
      { policy: 'Schedule', schedule: '0 0 2 * * *' },
      /^spec\.rebalance\.schedule: .* write minute, hour/,
    ],
    ['a 25th hour', { policy: 'Schedule', schedule: '0 25 * * *' }, /^spec\.rebalance\.schedule/],
    [
      'an unknown time zone',
      { policy: 'Schedule', schedule: '0 2 * * *', timeZone: 'Mars/Olympus' },
      /^spec\.rebalance\.timeZone: there is no time zone "Mars\/Olympus"/,
    ],
    [
      'an endless window',
      { policy: 'Schedule', schedule: '0 2 * * *', window: '25h' },
      /^spec\.rebalance\.window: "25h" is no duration from 1m to 24h/,
    ],
    [
      'a schedule nobody follows',
      { policy: 'OnChange', schedule: '0 2 * * *' },
      /^spec\.rebalance\.schedule: is only allowed with policy: Schedule/,
    ],
  ];
  for (const [what, rebalance, message] of wrong) {
    it(`refuses ${what}, naming the field`, () => {
      const problems = rebalanceProblems(rebalance);
      assert.equal(problems.length, 1);
      assert.match(problems[0] ?? '', message);
    });
  }
});
