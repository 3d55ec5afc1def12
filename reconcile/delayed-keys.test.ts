import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FakeClock } from '../test/fake-clock.ts';
import { DelayedKeys } from './delayed-keys.ts';

describe('DelayedKeys', () => {
  it('releases every key once, when its earliest time has come, in order of time', async () => {
    const delay = fc.tuple(
      fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      fc.integer({ min: 0, max: 99 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(delay), async delays => {
        const clock = new FakeClock();
        const released: [string, number][] = [];
        const keys = new DelayedKeys(clock, key => released.push([key, clock.monotonic()]));
        const earliest = new Map<string, number>();
        for (const [key, ms] of delays) {
          keys.add(key, ms);
          earliest.set(key, Math.min(ms, earliest.get(key) ?? ms));
        }
        await clock.advance(100);
        assert.deepEqual(new Map(released), earliest);
        assert.equal(released.length, earliest.size);
        const times = released.map(([, at]) => at);
        assert.deepEqual(
          times,
          times.toSorted((a, b) => a - b),
        );
        assert.equal(keys.size, 0);
      }),
    );
  });

  it('keeps no timer when nothing waits', async () => {
    const clock = new FakeClock();
    const keys = new DelayedKeys(clock, () => {});
    keys.add('a', 5);
    await clock.advance(5);
    assert.equal(clock.pending, 0);
  });
});
