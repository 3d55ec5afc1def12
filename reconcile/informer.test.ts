import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { KubeObject } from '../api/kube-object.ts';
import type { Resource } from '../api/resource.ts';
import { type Change, StoreInformer } from './informer.ts';
import { keyOf } from './key.ts';

const things: Resource = {
  group: '',
  version: 'v1',
  plural: 'things',
  kind: 'Thing',
  namespaced: true,
};

function thing(name: string, version = '1', more: object = {}): KubeObject {
  const metadata = { namespace: 'ns', name, uid: `uid-${name}`, resourceVersion: version, ...more };
  return { apiVersion: 'v1', kind: 'Thing', metadata };
}

function informerOf(onHandlerError: (error: unknown) => void = assert.ifError) {
  const informer = new StoreInformer(things, { freeze: true, onHandlerError });
  const changes: string[] = [];
  const listen = () =>
    informer.onChange(({ type, object, initial, missing }) => {
      const how = initial ? ' initially' : missing ? ' unseen' : '';
      changes.push(`${type} ${object.metadata.name}${how}`);
    });
  return { informer, changes, listen };
}

function fill(informer: StoreInformer<KubeObject>, ...objects: KubeObject[]): void {
  informer.startReplace();
  for (const object of objects) informer.upsert(object);
  informer.endReplace();
}

describe('Informer', () => {
  it('is synced once the first list is complete, not before', async () => {
    const { informer } = informerOf();
    informer.startReplace();
    informer.upsert(thing('a'));
    assert.equal(informer.isSynced(), false);
    informer.endReplace();
    assert.equal(informer.isSynced(), true);
    await informer.synced();
  });

  it('tells what was there at first from what happened later', () => {
    const { informer, changes, listen } = informerOf();
    listen();
    fill(informer, thing('a'));
    informer.upsert(thing('b'));
    informer.upsert(thing('b', '2'));
    informer.remove(thing('a', '3'));
    assert.deepEqual(changes, ['added a initially', 'added b', 'updated b', 'deleted a']);
  });

  it('tells a late listener everything there is', () => {
    const { informer, changes, listen } = informerOf();
    fill(informer, thing('a'));
    const stop = listen();
    stop();
    informer.upsert(thing('b'));
    assert.deepEqual(changes, ['added a initially']);
  });

  it('says nothing about objects a new list shows unchanged, and deletes only what it lacks, saying so', () => {
    const { informer, changes, listen } = informerOf();
    fill(informer, thing('a'), thing('b'), thing('c'));
    listen();
    changes.length = 0;
    fill(informer, thing('a'), thing('c', '5'));
    assert.deepEqual(changes, ['updated c', 'deleted b unseen']);
  });

  it('deletes nothing for a list that breaks off, even when the next one begins', () => {
    const { informer, changes, listen } = informerOf();
    fill(informer, thing('a'), thing('b'));
    listen();
    changes.length = 0;
    informer.startReplace();
    informer.upsert(thing('a'));
    informer.startReplace();
    assert.deepEqual(changes, []);
    informer.upsert(thing('b'));
    informer.endReplace();
    assert.deepEqual(changes, ['deleted a unseen']);
  });

  it('sees a name that was taken again as a deletion and an addition', () => {
    const { informer, changes, listen } = informerOf();
    fill(informer, thing('a'));
    listen();
    changes.length = 0;
    informer.upsert(thing('a', '9', { uid: 'another' }));
    assert.deepEqual(changes, ['deleted a unseen', 'added a']);
    assert.equal(informer.get({ namespace: 'ns', name: 'a' })?.metadata.uid, 'another');
  });

  it('takes in what a write answered, and does not fall behind it again', () => {
    const { informer, changes, listen } = informerOf();
    fill(informer, thing('a', '9'));
    listen();
    informer.note(thing('a', '11'));
    informer.upsert(thing('a', '10'));
    informer.upsert(thing('a', '11'));
    assert.equal(informer.get({ namespace: 'ns', name: 'a' })?.metadata.resourceVersion, '11');
    informer.note(thing('a', '9'));
    informer.upsert(thing('a', '12'));
    assert.deepEqual(changes, ['added a initially', 'updated a', 'updated a']);
  });

  it('takes from a write neither an object it does not know nor one of another uid', () => {
    const { informer } = informerOf();
    fill(informer, thing('a'));
    informer.note(thing('b', '2'));
    informer.note(thing('a', '3', { uid: 'another' }));
    informer.remove(thing('a', '4'));
    informer.note(thing('a', '2'));
    assert.deepEqual(informer.list(), []);
  });

  it('believes a new list although it is older than what was noted', () => {
    const { informer } = informerOf();
    fill(informer, thing('a', '9'));
    informer.startReplace();
    informer.note(thing('a', '10'));
    informer.upsert(thing('a', '3'));
    informer.endReplace();
    assert.equal(informer.get({ namespace: 'ns', name: 'a' })?.metadata.resourceVersion, '3');
  });

  it('keeps serving the other handlers when one throws', () => {
    const errors: unknown[] = [];
    const { informer, changes, listen } = informerOf(error => errors.push(error));
    informer.onChange(() => {
      throw new Error('broken handler');
    });
    listen();
    fill(informer, thing('a'));
    assert.deepEqual([changes.length, errors.length], [1, 1]);
  });

  it('catches whoever changes a shared object', () => {
    const { informer } = informerOf();
    fill(informer, thing('a', '1', { labels: { x: '1' } }));
    const labels = informer.list()[0]?.metadata.labels as Record<string, string>;
    assert.throws(() => {
      labels.x = '2';
    }, TypeError);
  });

  it('selects by labels, where no selector means nothing', () => {
    const { informer } = informerOf();
    fill(informer, thing('a', '1', { labels: { x: '1' } }), thing('b'));
    const names = (selector?: object) =>
      informer.select(selector).map(({ metadata }) => metadata.name);
    assert.deepEqual(names({ matchLabels: { x: '1' } }), ['a']);
    assert.deepEqual(names({}), ['a', 'b']);
    assert.deepEqual(names(), []);
  });

  it('refuses to look in an index it does not have', () => {
    const { informer } = informerOf();
    assert.throws(() => informer.byIndex('colour', 'red'), /things have no index "colour"/);
  });

  it('always finds by index what a walk over everything finds', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd');
    const labels = fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom('1', '2'));
    const step = fc.tuple(fc.constantFrom('upsert', 'remove', 'replace'), name, labels, fc.nat());
    fc.assert(
      fc.property(fc.array(step), fc.boolean(), (steps, late) => {
        const { informer } = informerOf();
        const byLabel = (object: KubeObject) =>
          Object.entries(object.metadata.labels ?? {}).map(pair => pair.join('='));
        if (!late) informer.addIndex('label', byLabel);
        const calls = {
          upsert: (object: KubeObject) => informer.upsert(object),
          remove: (object: KubeObject) => informer.remove(object),
          replace: (object: KubeObject) => fill(informer, object),
        };
        for (const [call, one, withLabels, version] of steps) {
          calls[call](thing(one, String(version), { labels: withLabels }));
        }
        if (late) informer.addIndex('label', byLabel);
        for (const label of ['x=1', 'x=2', 'y=1', 'y=2']) {
          assert.deepEqual(
            informer.byIndex('label', label).map(keyOf).sort(),
            informer
              .list()
              .filter(object => byLabel(object).includes(label))
              .map(keyOf)
              .sort(),
          );
        }
      }),
    );
  });

  it('lets a listener that follows the changes know exactly what the store knows', () => {
    const step = fc.tuple(
      fc.constantFrom('upsert', 'remove', 'startReplace', 'endReplace'),
      fc.constantFrom('a', 'b', 'c'),
      fc.constantFrom('1', '2'),
      fc.constantFrom('u', 'v'),
    );
    fc.assert(
      fc.property(fc.array(step), steps => {
        const { informer } = informerOf();
        const followed = new Map<string, KubeObject>();
        informer.onChange(({ type, object, old }: Change<KubeObject>) => {
          assert.equal(old, type === 'updated' ? followed.get(keyOf(object)) : undefined);
          if (type === 'deleted') followed.delete(keyOf(object));
          else followed.set(keyOf(object), object);
        });
        for (const [what, name, version, uid] of steps) {
          if (what === 'upsert' || what === 'remove') informer[what](thing(name, version, { uid }));
          else informer[what]();
        }
        assert.deepEqual([...followed.values()].sort(byName), [...informer.list()].sort(byName));
      }),
    );
  });
});

function byName(a: KubeObject, b: KubeObject): number {
  return keyOf(a) < keyOf(b) ? -1 : 1;
}
