import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseDuration } from './duration.ts';

describe('parseDuration', () => {
  it('adds up numbers with units to milliseconds', () => {
    assert.equal(parseDuration('5m'), 300_000);
    assert.equal(parseDuration('1h30m'), 5_400_000);
    assert.equal(parseDuration('1.5s20ms'), 1_520);
    assert.equal(parseDuration('0s'), 0);
  });

  it('reads back every sum of hours, minutes, seconds and milliseconds', () => {
    const amount = fc.nat(1000);
    fc.assert(
      fc.property(amount, amount, amount, amount, (h, m, s, ms) => {
        assert.equal(parseDuration(`${h}h${m}m${s}s${ms}ms`), ((h * 60 + m) * 60 + s) * 1000 + ms);
      }),
    );
  });

  it('refuses everything else and shows how to write it', () => {
    for (const text of ['', '5', 'm', '5 m', '-5m', '5d', '1.m']) {
      assert.throws(() => parseDuration(text), {
        code: 'CN_API_DURATION',
        message: /such as 5m or 1h30m/,
      });
    }
  });
});
