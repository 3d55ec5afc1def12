import assert from 'node:assert/strict';
import { TimeLimitError, withinTime } from './within-time.ts';

/** Lets time pass as if others had the processor. */
function stall(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe('withinTime', () => {
  it('gives what the work gives, or throws what it throws', () => {
    assert.equal(
      withinTime(50, () => 7),
      7,
    );
    assert.equal(
      withinTime(50, () => undefined),
      undefined,
    );
    const error = new Error('mine');
    assert.throws(
      () =>
        withinTime(50, () => {
          throw error;
        }),
      error,
    );
  });

  it('ends work that does not end, and is good for the next', () => {
    for (let i = 0; i < 2; i += 1) {
      assert.throws(
        () =>
          withinTime(20, () => {
            for (;;);
          }),
        TimeLimitError,
      );
      assert.equal(
        withinTime(20, () => i),
        i,
      );
    }
  });

  it('begins work anew that was not let run', () => {
    let runs = 0;
    const work = () => {
      runs += 1;
      if (runs < 3) stall(100);
      return runs;
    };
    assert.equal(withinTime(20, work), 3);
  });
});
