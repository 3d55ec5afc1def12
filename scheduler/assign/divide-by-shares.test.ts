import assert from 'node:assert/strict';
import fc from 'fast-check';
import { divideByShares } from './divide-by-shares.ts';
import { sum } from './sum.ts';

const shares = fc.array(fc.oneof(fc.nat({ max: 9 }), fc.nat({ max: 2 ** 31 - 1 })), {
  maxLength: 30,
});
const amount = fc.oneof(fc.nat({ max: 50 }), fc.nat({ max: 2 ** 31 - 1 }));

describe('divideByShares', () => {
  const examples: [number, number[], number[]][] = [
    [6, [3, 6, 9], [1, 2, 3]],
    [2, [3, 6, 9], [0, 1, 1]],
    [4, [10, 10, 10], [2, 1, 1]],
    [6, [10, 20, 30], [1, 2, 3]],
    [50_000, [100_000, 100_000], [25_000, 25_000]],
    [10, [1, 2, 3], [1, 2, 3]],
    [10, [0, 0], [0, 0]],
    [0, [5, 5], [0, 0]],
  ];
  for (const [replicas, each, result] of examples) {
    it(`divides ${replicas} over ${each} to ${result}`, () => {
      assert.deepEqual(divideByShares(replicas, each), result);
    });
  }

  it('places the smaller of what is asked and what fits, never above a share, never below zero', () => {
    fc.assert(
      fc.property(amount, shares, (replicas, each) => {
        const result = divideByShares(replicas, each);
        assert.equal(sum(result), Math.min(replicas, sum(each)));
        assert.ok(result.every((count, index) => count >= 0 && count <= (each[index] ?? 0)));
      }),
    );
  });

  it('is off the exact proportion by less than one replica', () => {
    fc.assert(
      fc.property(amount, shares, (replicas, each) => {
        const total = BigInt(sum(each));
        fc.pre(total > BigInt(replicas));
        divideByShares(replicas, each).forEach((count, index) => {
          const exact = BigInt(replicas) * BigInt(each[index] ?? 0);
          const off = BigInt(count) * total - exact;
          assert.ok(off < total && off > -total);
        });
      }),
    );
  });
});
