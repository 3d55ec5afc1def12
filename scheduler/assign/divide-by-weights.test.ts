import assert from 'node:assert/strict';
import fc from 'fast-check';
import { divideByWeights } from './divide-by-weights.ts';
import { sum } from './sum.ts';

const weight = fc.oneof(fc.nat({ max: 9 }), fc.nat({ max: 2 ** 31 - 1 }));
const weights = fc.array(weight, { minLength: 1, maxLength: 30 });
const desired = fc.oneof(fc.nat({ max: 50 }), fc.nat({ max: 2 ** 31 - 1 }));

describe('divideByWeights', () => {
  const examples: [number, number[], number[]][] = [
    [12, [1, 2], [4, 8]],
    [12, [1, 0, 3], [3, 0, 9]],
    [6, [2, 1, 0, 2], [3, 1, 0, 2]],
    [5, [5, 1, 0, 2], [4, 0, 0, 1]],
    [7, [1, 1, 1], [3, 2, 2]],
    [0, [1, 2], [0, 0]],
    [2_147_483_647, [2_147_483_647, 2_147_483_647], [1_073_741_824, 1_073_741_823]],
    [10, [0, 0, 0], [0, 0, 0]],
    [3, [], []],
  ];
  for (const [replicas, each, result] of examples) {
    it(`divides ${replicas} replicas by ${each.join(':') || 'nothing'} to ${result.join(',') || 'nothing'}`, () => {
      assert.deepEqual(divideByWeights(replicas, each), result);
    });
  }

  it('places exactly what is desired, none below zero, none without a weight', () => {
    fc.assert(
      fc.property(desired, weights, (replicas, each) => {
        const result = divideByWeights(replicas, each);
        assert.equal(sum(result), sum(each) === 0 ? 0 : replicas);
        assert.ok(result.every((count, index) => count >= 0 && (each[index] || count === 0)));
      }),
    );
  });

  it('gives the heavier of two clusters no less, and a cluster no less for more weight', () => {
    fc.assert(
      fc.property(desired, weights, fc.nat(), weight, (replicas, each, pick, more) => {
        const result = divideByWeights(replicas, each);
        const index = pick % each.length;
        each.forEach((other, position) => {
          if (other > (each[index] ?? 0)) {
            assert.ok((result[position] ?? 0) >= (result[index] ?? 0));
          }
        });
        const heavier = each.with(index, (each[index] ?? 0) + more);
        assert.ok((divideByWeights(replicas, heavier)[index] ?? 0) >= (result[index] ?? 0));
      }),
    );
  });

  it('depends on the order of equal weights only', () => {
    fc.assert(
      fc.property(
        desired,
        fc.uniqueArray(weight, { minLength: 1, maxLength: 20 }),
        (replicas, each) => {
          const result = divideByWeights(replicas, each);
          assert.deepEqual(divideByWeights(replicas, each.toReversed()).toReversed(), result);
        },
      ),
    );
  });
});
