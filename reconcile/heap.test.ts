import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Heap } from './heap.ts';

describe('Heap', () => {
  it('gives everything back in order, whatever the order of pushes and pops', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer(), { nil: undefined })), steps => {
        const heap = new Heap<number>((a, b) => a < b);
        const model: number[] = [];
        for (const step of steps) {
          if (step === undefined) assert.equal(heap.pop(), model.shift());
          else {
            heap.push(step);
            model.push(step);
            model.sort((a, b) => a - b);
          }
          assert.deepEqual([heap.first, heap.size], [model[0], model.length]);
        }
      }),
    );
  });
});
