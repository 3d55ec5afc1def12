import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Taint, type Toleration, tolerates, untolerated } from './taint.ts';

const key = fc.constantFrom('a', 'b');
const value = fc.constantFrom('', 'x', 'y');
const effect = fc.constantFrom('NoSchedule', 'PreferNoSchedule', 'NoExecute');
const taints: fc.Arbitrary<Taint> = fc.record(
  { key, value, effect },
  { requiredKeys: ['key', 'effect'] },
);

describe('tolerations', () => {
  it('cover a taint with the same key, value and effect', () => {
    const taint = { key: 'a', value: 'x', effect: 'NoSchedule' };
    const covering: Toleration[] = [
      { key: 'a', value: 'x' },
      { key: 'a', operator: 'Equal', value: 'x', effect: 'NoSchedule' },
      { key: 'a', operator: 'Exists' },
      { operator: 'Exists' },
      { operator: 'Exists', effect: 'NoSchedule' },
    ];
    for (const each of covering) assert.equal(tolerates(each, taint), true, JSON.stringify(each));
    const others: Toleration[] = [
      {},
      { key: 'a' },
      { key: 'a', value: 'y' },
      { key: 'b', operator: 'Exists' },
      { key: 'a', value: 'x', effect: 'NoExecute' },
      { key: 'a', operator: 'Like', value: 'x' },
      { operator: 'Equal', value: 'x' },
    ];
    for (const each of others) assert.equal(tolerates(each, taint), false, JSON.stringify(each));
  });

  it('leave exactly the taints with a listed effect that none of them covers', () => {
    fc.assert(
      fc.property(fc.array(taints), key, (all, tolerated) => {
        const left = untolerated(all, [{ key: tolerated, operator: 'Exists' }], ['NoSchedule']);
        assert.deepEqual(
          left,
          all.filter(taint => taint.effect === 'NoSchedule' && taint.key !== tolerated),
        );
        assert.deepEqual(
          untolerated(all, [{ operator: 'Exists' }], ['NoSchedule', 'NoExecute']),
          [],
        );
      }),
    );
  });
});
