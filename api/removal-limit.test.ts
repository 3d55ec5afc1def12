import assert from 'node:assert/strict';
import { removalLimit } from './removal-limit.ts';

describe('removalLimit', () => {
  it('is five for small fleets and a fifth for large ones', () => {
    assert.deepEqual([0, 4, 29, 30, 1000].map(removalLimit), [5, 5, 5, 6, 200]);
  });
});
