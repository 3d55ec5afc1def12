import assert from 'node:assert/strict';
import { removalAllowance } from './removal-allowance.ts';

describe('removalAllowance', () => {
  const load = { clusters: 50, recent: 0, holding: false, confirmed: false };

  it('is what the limit leaves, and nothing once it is used up', () => {
    const left = [0, 7, 10, 12].map(recent => removalAllowance({ ...load, recent }));
    assert.deepEqual(left, [10, 3, 0, 0]);
  });

  it('is nothing while removals are held, whatever the window says, and everything once they are confirmed', () => {
    assert.equal(removalAllowance({ ...load, holding: true }), 0);
    const confirmed = { ...load, recent: 12, holding: true, confirmed: true };
    assert.equal(removalAllowance(confirmed), Number.POSITIVE_INFINITY);
  });
});
