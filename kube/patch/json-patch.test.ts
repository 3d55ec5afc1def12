import assert from 'node:assert/strict';
import fc from 'fast-check';
import { applyJsonPatch, type JsonPatchOperation } from './json-patch.ts';

const refused = (document: unknown, ...operations: JsonPatchOperation[]) => {
  try {
    applyJsonPatch(document, operations);
  } catch (error) {
    return (error as Error).message;
  }
  return 'applied';
};

describe('applyJsonPatch', () => {
  it('does each operation of RFC 6902', () => {
    const document = { list: [1, 2, 3], 'a/b~c': 'x', deep: { kept: true } };
    const patched = applyJsonPatch(document, [
      { op: 'test', path: '/list/0', value: 1 },
      { op: 'add', path: '/list/1', value: 9 },
      { op: 'add', path: '/list/-', value: 4 },
      { op: 'remove', path: '/list/0' },
      { op: 'replace', path: '/a~1b~0c', value: 'y' },
      { op: 'copy', from: '/deep', path: '/copy' },
      { op: 'move', from: '/deep/kept', path: '/moved' },
    ]);
    assert.deepEqual(patched, {
      list: [9, 2, 3, 4],
      'a/b~c': 'y',
      deep: {},
      copy: { kept: true },
      moved: true,
    });
    assert.deepEqual(document.list, [1, 2, 3]);
  });

  it('replaces the whole document at the empty pointer', () => {
    assert.equal(applyJsonPatch({}, [{ op: 'replace', path: '', value: 7 }]), 7);
  });

  it('says which operation failed and why', () => {
    const document = { list: [1], text: 'x' };
    assert.equal(
      refused(document, { op: 'remove', path: '/no' }),
      '[0] remove /no: "no" does not exist',
    );
    assert.match(refused(document, { op: 'add', path: '/list/3', value: 0 }), /past the end/);
    assert.match(refused(document, { op: 'add', path: '/list/01', value: 0 }), /not a list index/);
    assert.match(refused(document, { op: 'remove', path: '/list/-' }), /not a list index/);
    assert.match(refused(document, { op: 'add', path: '/text/a', value: 0 }), /no parent/);
    assert.match(refused(document, { op: 'test', path: '/text', value: 'y' }), /value differs/);
    assert.match(
      refused(document, { op: 'add', path: 'text', value: 0 }),
      /must be empty or begin/,
    );
    assert.match(refused(document, { op: 'move', from: '/a', path: '/a/b' }), /into itself/);
  });

  it('adds members of any name, even those an object inherits', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.constant('__proto__'), fc.string()),
        fc.jsonValue(),
        (name, value) => {
          const path = `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
          const added = applyJsonPatch({}, [{ op: 'add', path, value }]) as object;
          assert.deepEqual(Object.entries(added), [[name, value]]);
          assert.deepEqual(applyJsonPatch(added, [{ op: 'remove', path }]), {});
        },
      ),
    );
  });
});
