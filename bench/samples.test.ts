import assert from 'node:assert/strict';
import { summarise } from './samples.ts';

describe('summarise', () => {
  it('gives nearest-rank percentiles whatever the order of the samples', () => {
    const samples = Array.from({ length: 100 }, (_, i) => 100 - i);
    assert.deepEqual(summarise(samples), {
      count: 100,
      min: 1,
      p50: 50,
      p95: 95,
      p99: 99,
      max: 100,
    });
  });

  it('refuses an empty series', () => assert.throws(() => summarise([]), /no samples/));
});
