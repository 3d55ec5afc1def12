import assert from 'node:assert/strict';
import fc from 'fast-check';
import { applyMergePatch, diffMergePatch } from './merge-patch.ts';

const { json } = fc.letrec<{ json: unknown; object: Record<string, unknown> }>(tie => ({
  json: fc.oneof({ maxDepth: 3 }, fc.string(), fc.integer(), fc.array(fc.integer()), tie('object')),
  object: fc.dictionary(
    fc.oneof(fc.constantFrom('a', 'b', '__proto__'), fc.string()),
    tie('json'),
    {
      noNullPrototype: true,
      maxKeys: 4,
    },
  ),
}));
const object = fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__'), json, {
  noNullPrototype: true,
});

describe('merge patch', () => {
  it('removes what is null, replaces lists whole and merges objects', () => {
    const target = { keep: 1, drop: 2, list: [1, 2], deep: { a: 1, b: 2 } };
    const patch = { drop: null, list: [3], deep: { a: null, c: { x: null } } };
    assert.deepEqual(applyMergePatch(target, patch), {
      keep: 1,
      list: [3],
      deep: { b: 2, c: {} },
    });
    assert.deepEqual(target.deep, { a: 1, b: 2 });
  });

  it('takes any object to any other by its difference', () => {
    fc.assert(
      fc.property(object, object, (from, to) => {
        const patch = diffMergePatch(from, to);
        assert.deepEqual(patch === undefined ? from : applyMergePatch(from, patch), to);
      }),
    );
  });

  it('finds no difference between an object and its copy', () => {
    fc.assert(
      fc.property(object, value => diffMergePatch(value, structuredClone(value)) === undefined),
    );
  });
});
