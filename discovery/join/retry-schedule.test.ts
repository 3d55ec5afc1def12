import assert from 'node:assert/strict';
import { RetrySchedule } from './retry-schedule.ts';

describe('RetrySchedule', () => {
  it('waits longer each time the obstacle stays the same, up to a limit, and starts over when it changes', () => {
    const schedule = new RetrySchedule(() => 0);
    const waits = Array.from({ length: 12 }, () => schedule.next('a', 'TimedOut', 'network'));
    assert.deepEqual(waits.slice(0, 4), [1000, 2000, 4000, 8000]);
    assert.equal(waits.at(-1), 300_000);
    assert.equal(schedule.next('a', 'Unauthorized', 'network'), 1000);
    assert.equal(schedule.next('b', 'TimedOut', 'network'), 1000);
  });

  it('starts over once nothing is in the way any more', () => {
    const schedule = new RetrySchedule(() => 0);
    schedule.next('a', 'Denied', 'refusal');
    schedule.clear('a');
    assert.equal(schedule.next('a', 'Denied', 'refusal'), 60_000);
  });

  it('spreads tries by up to a fifth, and sets no timer where a watch wakes us', () => {
    assert.equal(new RetrySchedule(() => 1).next('a', 'x', 'hub'), 1600);
    assert.equal(new RetrySchedule().next('a', 'x', 'watch'), undefined);
  });
});
