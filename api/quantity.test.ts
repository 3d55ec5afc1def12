import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  addQuantity,
  compareQuantity,
  formatQuantity,
  parseQuantity,
  type Quantity,
} from './quantity.ts';

const quantities: fc.Arbitrary<Quantity> = fc.record({
  nanos: fc.bigInt({ min: -(10n ** 27n), max: 10n ** 27n }),
  notation: fc.constantFrom('decimal', 'binary', 'exponent'),
});

describe('quantities', () => {
  it('are written with the largest suffix that leaves a whole number', () => {
    for (const [text, canonical] of [
      ['0', '0'],
      ['0Gi', '0'],
      ['1500m', '1500m'],
      ['1.5', '1500m'],
      ['1000m', '1'],
      ['1000', '1k'],
      ['1024Ki', '1Mi'],
      ['1.5Gi', '1536Mi'],
      ['1536Mi', '1536Mi'],
      ['1000Ki', '1000Ki'],
      ['0.5Ki', '512'],
      ['0.5', '500m'],
      ['100000000', '100M'],
      ['1e3', '1e3'],
      ['12E2', '1200'],
      ['1E', '1E'],
      ['-3k', '-3k'],
      ['+.5', '500m'],
      ['5.', '5'],
      ['100n', '100n'],
      ['1u', '1u'],
    ] as const) {
      assert.equal(formatQuantity(parseQuantity(text)), canonical, text);
    }
  });

  it('may be JSON numbers', () => {
    assert.equal(formatQuantity(parseQuantity(2)), '2');
    assert.equal(formatQuantity(parseQuantity(0.25)), '250m');
  });

  it('are rounded away from zero below a billionth, as Kubernetes does', () => {
    assert.equal(formatQuantity(parseQuantity('0.0000000001')), '1n');
    assert.equal(formatQuantity(parseQuantity('-1.5n')), '-2n');
    assert.equal(formatQuantity(parseQuantity('1e-12')), '1e-9');
  });

  it('keep their value when written and read back', () => {
    fc.assert(
      fc.property(quantities, quantity => {
        const readBack = parseQuantity(formatQuantity(quantity));
        assert.equal(readBack.nanos, quantity.nanos);
        assert.equal(formatQuantity(readBack), formatQuantity(quantity));
      }),
    );
  });

  it('add exactly, in any order', () => {
    assert.equal(formatQuantity(addQuantity(parseQuantity('0.1'), parseQuantity('0.2'))), '300m');
    assert.equal(formatQuantity(addQuantity(parseQuantity('0'), parseQuantity('1Gi'))), '1Gi');
    fc.assert(
      fc.property(quantities, quantities, (a, b) => {
        assert.equal(addQuantity(a, b).nanos, addQuantity(b, a).nanos);
        assert.equal(compareQuantity(addQuantity(a, b), a), compareQuantity(b, parseQuantity('0')));
      }),
    );
  });

  it('compare by value, whatever they are written with', () => {
    assert.equal(compareQuantity(parseQuantity('1Ki'), parseQuantity('1024')), 0);
    assert.equal(compareQuantity(parseQuantity('1M'), parseQuantity('1Mi')), -1);
    assert.equal(compareQuantity(parseQuantity('2'), parseQuantity('1999m')), 1);
  });

  it('are refused when they are not quantities, or would be absurdly large', () => {
    for (const text of [
      '',
      'x',
      '1 Gi',
      '1KI',
      '1gi',
      '1e',
      'NaN',
      '--1',
      '.',
      '1e999999',
      '9'.repeat(60),
    ]) {
      assert.throws(() => parseQuantity(text), { code: 'CN_API_QUANTITY' }, text);
    }
  });
});
