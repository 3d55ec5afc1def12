import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parse } from 'yaml';
import { parseJson, toYamlSafeJson } from './json.ts';

describe('parseJson', () => {
  it('keeps the digits of integers a number cannot hold', () => {
    const text = '{"a":9223372036854775807,"b":[-9007199254740993],"c":"12345678901234567890"}';
    assert.equal(JSON.stringify(parseJson(text)), text);
  });

  it('reads everything else as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        const text = JSON.stringify(value);
        assert.deepEqual(JSON.stringify(parseJson(text)), text);
      }),
    );
  });
});

describe('toYamlSafeJson', () => {
  it('means the same read as YAML and read as JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), value => {
        const text = toYamlSafeJson(value);
        assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
        assert.deepEqual(parse(text), JSON.parse(text));
      }),
      { numRuns: 40 },
    );
  });

  it('escapes what YAML would refuse or fold', () => {
    assert.equal(toYamlSafeJson('\u2028\u0085\u007f\ufeff'), '"\\u2028\\u0085\\u007f\\ufeff"');
  });
});
