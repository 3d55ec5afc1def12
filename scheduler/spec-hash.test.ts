import assert from 'node:assert/strict';
import fc from 'fast-check';
import { subscription } from '../test/scheduling-objects.ts';
import { specHash } from './spec-hash.ts';

describe('specHash', () => {
  it('is a number of 32 bits, the same for the same spec however its keys are ordered', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (args, name) => {
        const { spec } = subscription({ schedulerName: name });
        const extended = { ...spec, args };
        const reversed = Object.fromEntries(Object.entries(extended).reverse()) as typeof spec;
        const hash = specHash(extended as typeof spec);
        assert.ok(Number.isInteger(hash) && hash >= 0 && hash < 2 ** 32);
        assert.equal(specHash(reversed), hash);
      }),
    );
  });

  it('changes with the feeds, their order and the selectors', () => {
    const feed = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'x', name });
    const specs = [
      subscription({ feeds: [feed('a'), feed('b')] }),
      subscription({ feeds: [feed('b'), feed('a')] }),
      subscription({ feeds: [feed('a')] }),
      subscription({ subscribers: [{ clusterAffinity: {} }] }),
    ];
    assert.equal(new Set(specs.map(({ spec }) => specHash(spec))).size, specs.length);
  });
});
