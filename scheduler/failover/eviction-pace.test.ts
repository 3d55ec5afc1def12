import assert from 'node:assert/strict';
import { FakeClock } from '../../test/fake-clock.ts';
import { EvictionPace } from './eviction-pace.ts';

describe('EvictionPace', () => {
  it('lets one cluster after the other start, and each for all who ask', async () => {
    const clock = new FakeClock();
    const pace = new EvictionPace(clock, 6);
    assert.deepEqual([pace.wait('a'), pace.wait('a'), pace.wait('b')], [0, 0, 10_000]);
    await clock.advance(9_000);
    assert.equal(pace.wait('b'), 1_000);
    await clock.advance(1_000);
    assert.deepEqual([pace.wait('b'), pace.wait('c')], [0, 10_000]);
  });

  it('lets a cluster that was well again wait its turn', () => {
    const pace = new EvictionPace(new FakeClock(), 6);
    pace.wait('a');
    pace.forget('a');
    assert.equal(pace.wait('a'), 10_000);
  });
});
