import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SharedCapacity } from './shared-capacity.ts';

describe('SharedCapacity', () => {
  it('scales what is left by what other feeds have taken', () => {
    const shared = new SharedCapacity();
    assert.equal(shared.left(10), 10);
    shared.take(3, 10);
    assert.equal(shared.left(20), 14);
    shared.take(7, 20);
    assert.equal(shared.left(20), 7);
    assert.equal(shared.left(3), 1);
    shared.take(7, 20);
    assert.equal(shared.left(100), 0);
  });

  it('never promises more than the free resources, whatever feeds need of each', () => {
    const need = fc.record({
      cpu: fc.integer({ min: 1, max: 9 }),
      memory: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(
        fc.array(need, { maxLength: 6 }),
        fc.nat({ max: 99 }),
        fc.nat({ max: 99 }),
        fc.infiniteStream(fc.nat({ max: 9 })),
        (feeds, cpu, memory, wishes) => {
          const shared = new SharedCapacity();
          const used = { cpu: 0, memory: 0 };
          for (const each of feeds) {
            const capacity = Math.floor(Math.min(cpu / each.cpu, memory / each.memory));
            const placed = Math.min(shared.left(capacity), wishes.next().value);
            shared.take(placed, capacity);
            used.cpu += placed * each.cpu;
            used.memory += placed * each.memory;
          }
          assert.ok(used.cpu <= cpu && used.memory <= memory);
        },
      ),
    );
  });
});
