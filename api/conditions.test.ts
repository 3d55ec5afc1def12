import assert from 'node:assert/strict';
import fc from 'fast-check';
import { findCondition, isTrue, setCondition } from './conditions.ts';
import type { Condition } from './kube-object.ts';

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds));
const conditions = fc.record({
  type: fc.constantFrom('Ready', 'Connected', 'Selected'),
  status: fc.constantFrom('True' as const, 'False' as const, 'Unknown' as const),
  reason: fc.constantFrom('Yes', 'No'),
  message: fc.constantFrom('', 'because'),
});

describe('conditions', () => {
  it('are added with the present time in whole seconds', () => {
    const ready = { type: 'Ready', status: 'True', reason: 'Yes', message: '' } as const;
    assert.deepEqual(setCondition(undefined, ready, new Date('2026-01-02T03:04:05.678Z')), [
      { ...ready, lastTransitionTime: '2026-01-02T03:04:05Z' },
    ]);
  });

  it('move lastTransitionTime exactly when the status changes', () => {
    const first = setCondition([], { type: 'R', status: 'True', reason: 'A', message: '' }, at(1));
    const reworded = setCondition(
      first,
      { type: 'R', status: 'True', reason: 'B', message: 'x' },
      at(2),
    );
    assert.equal(reworded[0]?.reason, 'B');
    assert.equal(reworded[0]?.lastTransitionTime, '2026-01-01T00:00:01Z');
    const turned = setCondition(
      reworded,
      { type: 'R', status: 'False', reason: 'B', message: 'x' },
      at(3),
    );
    assert.equal(turned[0]?.lastTransitionTime, '2026-01-01T00:00:03Z');
  });

  it('give the same list back when nothing changes, and keep one entry per type in its place', () => {
    fc.assert(
      fc.property(fc.array(conditions), sequence => {
        let list: readonly Condition[] = [];
        for (const [index, condition] of sequence.entries()) {
          const before = list.map(each => each.type);
          list = setCondition(list, condition, at(index));
          assert.equal(setCondition(list, condition, at(index + 1000)), list);
          assert.deepEqual(list.map(each => each.type).slice(0, before.length), before);
        }
        assert.equal(new Set(list.map(each => each.type)).size, list.length);
        for (const condition of list) {
          const last = sequence.findLast(each => each.type === condition.type);
          assert.deepEqual({ ...condition, ...last }, condition);
        }
      }),
    );
  });

  it('notice a new observedGeneration', () => {
    const ready = { type: 'Ready', status: 'True', reason: 'Yes', message: '' } as const;
    const list = setCondition([], { ...ready, observedGeneration: 1 }, at(1));
    assert.notEqual(setCondition(list, { ...ready, observedGeneration: 2 }, at(2)), list);
  });

  it('can be found and asked whether they are True', () => {
    const list = setCondition(
      [],
      { type: 'Ready', status: 'Unknown', reason: 'A', message: '' },
      at(1),
    );
    assert.equal(findCondition(list, 'Ready')?.reason, 'A');
    assert.equal(findCondition(list, 'Other'), undefined);
    assert.equal(isTrue(list, 'Ready'), false);
    assert.equal(isTrue(undefined, 'Ready'), false);
  });
});
