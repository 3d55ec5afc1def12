import assert from 'node:assert/strict';
import fc from 'fast-check';
import { estimateBuild } from './build-estimate.ts';

const weights = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 10 });

describe('estimateBuild', () => {
  it('guesses nothing before the first build is done', () => {
    assert.equal(estimateBuild({ done: [], left: [74, 370], elapsedMs: 9_000 }), undefined);
  });

  it('expects as much again when half of the work is done', () => {
    const left = estimateBuild({ done: [100], left: [0, 100], elapsedMs: 60_000 });
    assert.equal(left, 60_000);
  });

  it('expects nothing more when nothing is left', () => {
    fc.assert(
      fc.property(weights, fc.nat(), (done, elapsedMs) => {
        assert.equal(estimateBuild({ done, left: [], elapsedMs }), 0);
      }),
    );
  });

  it('never expects less for more work', () => {
    fc.assert(
      fc.property(weights, weights, fc.nat({ max: 1e7 }), (done, left, elapsedMs) => {
        const estimate = estimateBuild({ done, left, elapsedMs }) ?? 0;
        const more = estimateBuild({ done, left: [...left, 10], elapsedMs }) ?? 0;
        assert.ok(estimate >= 0 && more >= estimate);
      }),
    );
  });
});
