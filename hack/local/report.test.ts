import assert from 'node:assert/strict';
import { formatDuration } from './report.ts';

describe('formatDuration', () => {
  it('uses the unit that a person would', () => {
    assert.equal(formatDuration(350.4), '350 ms');
    assert.equal(formatDuration(41_600), '42 s');
    assert.equal(formatDuration(185_000), '3 min 5 s');
    assert.equal(formatDuration(59_700), '1 min 0 s');
  });
});
