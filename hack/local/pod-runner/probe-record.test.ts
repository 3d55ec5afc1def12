import assert from 'node:assert/strict';
import fc from 'fast-check';
import { noProbes, type ProbeRecord, recordProbe } from './probe-record.ts';

function recordOf(results: boolean[], thresholds = {}): ProbeRecord {
  return results.reduce((record, result) => recordProbe(record, result, thresholds), noProbes);
}

describe('recordProbe', () => {
  it('believes one success and three failures by default', () => {
    assert.equal(recordOf([]).verdict, undefined);
    assert.equal(recordOf([true]).verdict, true);
    assert.equal(recordOf([false, false]).verdict, undefined);
    assert.equal(recordOf([false, false, false]).verdict, false);
  });

  it('keeps its verdict while the other side has not reached its threshold', () => {
    assert.equal(recordOf([true, false, false]).verdict, true);
    assert.equal(recordOf([true, false, false, true, false, false]).verdict, true);
    assert.equal(recordOf([true, false, false, false]).verdict, false);
  });

  it('counts by the thresholds of the probe', () => {
    const thresholds = { successThreshold: 2, failureThreshold: 1 };
    assert.equal(recordOf([false], thresholds).verdict, false);
    assert.equal(recordOf([false, true], thresholds).verdict, false);
    assert.equal(recordOf([false, true, true], thresholds).verdict, true);
  });

  it('never has a verdict without a run of equal results as long as the threshold', () => {
    const thresholds = fc.record({
      successThreshold: fc.integer({ min: 1, max: 4 }),
      failureThreshold: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(fc.array(fc.boolean()), thresholds, (results, probe) => {
        const { verdict } = recordOf(results, probe);
        const text = results.map(result => (result ? 'T' : 'F')).join('');
        const runs = [
          text.lastIndexOf('T'.repeat(probe.successThreshold)),
          text.lastIndexOf('F'.repeat(probe.failureThreshold)),
        ] as const;
        const expected = Math.max(...runs) < 0 ? undefined : runs[0] > runs[1];
        assert.equal(verdict, expected, text);
      }),
    );
  });
});
