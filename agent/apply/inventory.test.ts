import assert from 'node:assert/strict';
import fc from 'fast-check';
import { inApplyOrder, inDeleteOrder, rankOf } from './apply-order.ts';
import {
  extend,
  formatInventory,
  type Inventory,
  type InventoryEntry,
  obsolete,
  parseInventory,
  settle,
  without,
} from './inventory.ts';
import { isNeeded, neededBy } from './needed.ts';
import { idOf } from './object-id.ts';

const entry: fc.Arbitrary<InventoryEntry> = fc
  .record(
    {
      group: fc.constantFrom('', 'apps', 'apiextensions.k8s.io'),
      version: fc.constantFrom('v1', 'v2'),
      kind: fc.constantFrom('Namespace', 'Deployment', 'CustomResourceDefinition'),
      namespace: fc.constantFrom('a', 'b'),
      name: fc.constantFrom('x', 'y', 'z'),
      uid: fc.constantFrom('1', '2'),
      found: fc.constant(true as const),
    },
    { requiredKeys: ['group', 'version', 'kind', 'name'], noNullPrototype: true },
  )
  .map(each => each as InventoryEntry);
const entries = fc.array(entry);
const newEntries = fc.array(entry.map(({ uid: _, ...rest }) => rest));
const inventory: fc.Arbitrary<Inventory> = entries.map(
  list => new Map(list.map(each => [idOf(each), each])),
);

describe('an inventory', () => {
  it('never loses an object or a UID by being extended', () => {
    fc.assert(
      fc.property(inventory, newEntries, (before, added) => {
        const after = extend(before, added);
        for (const [id, { uid }] of before) assert.equal(after.get(id)?.uid, uid);
        for (const each of added) assert.ok(after.has(idOf(each)));
      }),
    );
  });

  it('never turns an object of ours into one that was there before us', () => {
    fc.assert(
      fc.property(inventory, newEntries, (before, added) => {
        const after = extend(before, added);
        for (const [id, { uid, found }] of before) {
          if (uid !== undefined && !found) assert.ok(!after.get(id)?.found);
        }
      }),
    );
  });

  it('is parted by what is wanted into what stays and what is obsolete', () => {
    fc.assert(
      fc.property(inventory, entries, (all, list) => {
        const wanted = new Set(list.map(idOf));
        const gone = new Set(obsolete(all, wanted).map(idOf));
        const left = without(all, gone);
        assert.equal(left.size + gone.size, all.size);
        for (const id of left.keys()) assert.ok(wanted.has(id));
        for (const id of gone) assert.ok(!wanted.has(id));
      }),
    );
  });

  it('takes in that an object it only intended to apply was there before', () => {
    const intended = { group: '', version: 'v1', kind: 'Namespace', name: 'x' };
    const noted = extend(new Map(), [intended]);
    const after = extend(noted, [{ ...intended, found: true }]);
    assert.equal(after.get(idOf(intended))?.found, true);
  });

  it('is the same after being written and read, and equal ones are equal texts', () => {
    fc.assert(
      fc.property(inventory, all => {
        const text = formatInventory(all);
        assert.deepEqual(parseInventory(text), all);
        assert.equal(formatInventory(new Map([...all].toReversed())), text);
      }),
    );
  });

  it('takes a new UID for a new object, which nobody had before us', () => {
    const known = { group: '', version: 'v1', kind: 'Namespace', name: 'x', found: true } as const;
    const id = idOf(known);
    const first = settle(new Map([[id, known]]), new Map([[id, '1']]));
    assert.deepEqual(first.get(id), { ...known, uid: '1' });
    const second = settle(first, new Map([[id, '2']]));
    assert.equal(second.get(id)?.found, undefined);
    assert.equal(second.get(id)?.uid, '2');
  });

  it('is refused when it cannot be read', () => {
    assert.throws(() => parseInventory('{"group":'));
  });
});

describe('the order of applying', () => {
  it('is definitions, namespaces, the rest, and deletion goes the other way', () => {
    fc.assert(
      fc.property(entries, list => {
        const applied = inApplyOrder(list, each => each).flat();
        assert.deepEqual(applied.map(rankOf), applied.map(rankOf).toSorted());
        assert.equal(applied.length, list.length);
        const deleted = inDeleteOrder(list, each => each).flat();
        assert.deepEqual(deleted.map(rankOf), deleted.map(rankOf).toSorted().toReversed());
      }),
    );
  });
});

describe('isNeeded', () => {
  const needed = neededBy([
    { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w', namespace: 'shop' } },
  ]);
  const namespace = (name: string) => ({ group: '', version: 'v1', kind: 'Namespace', name });
  const definition = (name: string) => ({
    group: 'apiextensions.k8s.io',
    version: 'v1',
    kind: 'CustomResourceDefinition',
    name,
  });

  it('keeps namespaces and definitions that something wanted lives by', () => {
    assert.ok(isNeeded(namespace('shop'), needed));
    assert.ok(!isNeeded(namespace('empty'), needed));
    assert.ok(isNeeded(definition('widgets.example.com'), needed));
    assert.ok(!isNeeded(definition('gadgets.example.org'), needed));
  });
});
