import assert from 'node:assert/strict';
import fc from 'fast-check';
import { proportion } from './proportion.ts';

const count = fc.nat({ max: 2 ** 31 - 1 });

describe('proportion', () => {
  it('is exact where the product does not fit into a double', () => {
    assert.deepEqual(proportion(2 ** 31 - 1, 2 ** 31 - 1, 2 ** 31), {
      whole: 2 ** 31 - 2,
      rest: 1,
    });
  });

  it('agrees with whole numbers of any size', () => {
    fc.assert(
      fc.property(count, count, fc.nat({ max: 2 ** 44 }), (amount, share, others) => {
        const total = share + others;
        fc.pre(total > 0);
        const { whole, rest } = proportion(amount, share, total);
        const product = BigInt(amount) * BigInt(share);
        assert.equal(BigInt(whole) * BigInt(total) + BigInt(rest), product);
        assert.ok(rest >= 0 && rest < total);
      }),
    );
  });
});
