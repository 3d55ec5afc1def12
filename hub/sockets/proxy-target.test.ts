import assert from 'node:assert/strict';
import fc from 'fast-check';
import { proxyTarget } from './proxy-target.ts';

describe('proxyTarget', () => {
  it('is what follows direct, byte for byte', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'/%2.?&=aB:@') }), tail => {
        assert.deepEqual(proxyTarget(`/direct/${tail}`), { kind: 'child', path: `/${tail}` });
        assert.deepEqual(proxyTarget(`/direct?${tail}`), { kind: 'child', path: `/?${tail}` });
      }),
    );
    assert.deepEqual(proxyTarget('/direct'), { kind: 'child', path: '/' });
  });

  it('refuses hosts of the child for now, and anything else for good, in words', () => {
    for (const [rest, code, words] of [
      ['/https/10.0.0.1:6443/api', 501, /proxy\/https\/<host>/],
      ['/http/x', 501, /proxy\/http\/<host>/],
      ['/directed/x', 400, /"directed"/],
      ['/', 400, /empty/],
      ['', 400, /empty/],
      ['?a=b', 400, /empty/],
    ] as const) {
      const target = proxyTarget(rest);
      assert.ok(target.kind === 'refused', rest);
      assert.equal(target.code, code, rest);
      assert.match(target.message, words);
    }
  });
});
