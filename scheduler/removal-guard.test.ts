import assert from 'node:assert/strict';
import { FakeClock } from '../test/fake-clock.ts';
import { RemovalHistory } from './removal-guard.ts';

describe('RemovalHistory', () => {
  it('remembers removals for ten minutes, apart for each Subscription', async () => {
    const clock = new FakeClock();
    const history = new RemovalHistory(clock);
    history.add('one', 3);
    await clock.advance(5 * 60_000);
    history.add('one', 2);
    history.add('two', 1);
    assert.deepEqual([history.recent('one'), history.recent('two')], [5, 1]);
    await clock.advance(5 * 60_000);
    assert.equal(history.recent('one'), 2);
    await clock.advance(5 * 60_000);
    assert.deepEqual([history.recent('one'), history.recent('two')], [0, 0]);
  });
});
