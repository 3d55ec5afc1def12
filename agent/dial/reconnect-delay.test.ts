import assert from 'node:assert/strict';
import fc from 'fast-check';
import { reconnectDelay } from './reconnect-delay.ts';

describe('reconnectDelay', () => {
  it('is at most a second after a tunnel that worked', () => {
    assert.equal(
      reconnectDelay(0, () => 0),
      0,
    );
    assert.equal(
      reconnectDelay(0, () => 1),
      1_000,
    );
  });

  it('lies between 1 s and a bound that grows to 30 s and no further', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (failures, share) => {
          const delay = reconnectDelay(failures, () => share);
          assert.ok(delay >= 1_000 && delay <= 30_000, String(delay));
          assert.ok(reconnectDelay(failures + 1, () => share) >= delay);
        },
      ),
    );
    assert.equal(
      reconnectDelay(50, () => 1),
      30_000,
    );
  });
});
