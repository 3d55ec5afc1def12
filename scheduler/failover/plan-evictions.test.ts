import assert from 'node:assert/strict';
import { keyFor, subscription } from '../../test/scheduling-objects.ts';
import type { EvictionCause } from './eviction-cause.ts';
import { type EvictionPlan, type EvictionWorld, planEvictions } from './plan-evictions.ts';

const now = 1_000_000;
const due: EvictionCause = { reason: 'NotReady', dueAt: now };
const later: EvictionCause = { reason: 'Tainted', dueAt: now + 60_000 };
const undated: EvictionCause = { reason: 'Tainted', dueAt: undefined };

/** Of a Subscription that is bound to the clusters named, and records the eviction of some. */
function plan(
  causes: Readonly<Record<string, EvictionCause | undefined>>,
  world: Partial<EvictionWorld> = {},
  recorded: readonly string[] = [],
): EvictionPlan {
  const evictions = recorded.map(name => ({
    cluster: keyFor(name),
    reason: 'NotReady' as const,
    startTime: '2026-01-01T00:00:00Z',
  }));
  const failover = { evictions, replacements: [] };
  return planEvictions(subscription({}, recorded.length > 0 ? { failover } : {}), {
    now,
    largeOutage: false,
    causes: new Map(Object.entries(causes).map(([name, cause]) => [keyFor(name), cause])),
    healthy: () => true,
    wait: () => 0,
    ...world,
  });
}

function evicted({ evicting }: EvictionPlan): string {
  return [...evicting.keys()].join();
}

describe('planEvictions', () => {
  it('starts what is due, and comes back when the next cause is', () => {
    const answer = plan({ a: due, b: later, c: undefined });
    assert.deepEqual([evicted(answer), answer.askAgainMs], [keyFor('a'), 60_000]);
  });

  it('lets a cluster wait its turn, but not what is recorded', () => {
    const wait = () => 7_000;
    const answer = plan({ a: due, b: due }, { wait }, ['b']);
    assert.deepEqual([evicted(answer), answer.askAgainMs], [keyFor('b'), 7_000]);
  });

  it('cancels the eviction of a cluster that may be used again once its feeds are available', () => {
    const healthy = plan({ a: undefined }, {}, ['a']);
    assert.deepEqual([evicted(healthy), healthy.returned], ['', true]);
    const ailing = plan({ a: undefined }, { healthy: () => false }, ['a']);
    assert.deepEqual(
      [evicted(ailing), ailing.returned, ailing.hold?.reason, ailing.askAgainMs],
      [keyFor('a'), false, 'ReturnedNotHealthy', 30_000],
    );
  });

  it('cancels nothing because a cluster is gone', () => {
    assert.equal(plan({ b: undefined }, {}, ['a']).returned, false);
  });

  it('holds everything in a large outage, and looks again', () => {
    const answer = plan({ a: due, b: due }, { largeOutage: true }, ['b']);
    assert.deepEqual(
      [evicted(answer), answer.hold?.reason, answer.askAgainMs],
      [keyFor('b'), 'LargeOutage', 30_000],
    );
    const quiet = plan({ a: undefined, b: later }, { largeOutage: true });
    assert.deepEqual([quiet.hold, quiet.askAgainMs], [undefined, 60_000]);
  });

  it('says that a taint has no date, and lets it stop nothing else', () => {
    assert.equal(plan({ a: undated }).hold?.reason, 'TaintUndated');
    const both = plan({ a: undated, b: due });
    assert.deepEqual([evicted(both), both.hold], [keyFor('b'), undefined]);
  });
});
