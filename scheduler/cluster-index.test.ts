import assert from 'node:assert/strict';
import fc from 'fast-check';
import { managedClusters } from '../api/clusters/managed-cluster.ts';
import { type LabelSelector, matchesSelector } from '../api/label-selector.ts';
import { StoreInformer } from '../reconcile/informer.ts';
import { cluster, keyFor } from '../test/scheduling-objects.ts';
import { ClusterIndex } from './cluster-index.ts';
import { demandsOf, offersOf } from './label-demand.ts';

const key = fc.constantFrom('a', 'b', 'c');
const value = fc.constantFrom('1', '2', '');
const labels = fc.dictionary(key, value);
const expression = fc.oneof(
  fc.record({
    key,
    operator: fc.constantFrom('In', 'NotIn'),
    values: fc.array(value, { minLength: 1, maxLength: 2 }),
  }),
  fc.record({ key, operator: fc.constantFrom('Exists', 'DoesNotExist') }),
);
const selector = fc.record(
  { matchLabels: labels, matchExpressions: fc.array(expression, { maxLength: 3 }) },
  { requiredKeys: [] },
) as fc.Arbitrary<LabelSelector>;

const change = fc.record({
  name: fc.constantFrom('v', 'w', 'x', 'y', 'z'),
  now: fc.oneof(fc.record({ labels, leaving: fc.boolean() }), fc.constant('gone' as const)),
});

const leaving = { deletionTimestamp: '2026-01-01T00:00:00Z' };

function names(clusters: readonly { readonly key: string }[]): string[] {
  return clusters.map(({ key }) => key);
}

describe('ClusterIndex', () => {
  it('finds whatever a selector matches by each of its demands', () => {
    fc.assert(
      fc.property(selector, labels, (selects, carries) => {
        const offers = offersOf(carries);
        const found = demandsOf(selects).every(demand =>
          demand.some(each => offers.includes(each)),
        );
        assert.ok(found || !matchesSelector(selects, carries));
      }),
      { numRuns: 1000 },
    );
  });

  it('selects in the order of the keys what a search of all would, whatever came, changed and went', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 12 }), selector, (changes, selects) => {
        const index = new ClusterIndex();
        for (const { name, now } of changes) {
          if (now === 'gone') index.remove(keyFor(name));
          else index.set(cluster(name, { ...now, ...(now.leaving && leaving) }));
        }
        const last = new Map(changes.map(({ name, now }) => [name, now]));
        const stays = [...last].filter(([, now]) => now !== 'gone' && !now.leaving);
        const matches = stays.filter(
          ([, now]) => now !== 'gone' && matchesSelector(selects, now.labels),
        );
        const sorted = (those: typeof stays) => those.map(([name]) => keyFor(name)).sort();
        assert.deepEqual(names(index.list()), sorted(stays));
        assert.deepEqual(names(index.select(selects)), sorted(matches));
      }),
    );
  });

  it('never changes a list it has handed out', () => {
    const index = ClusterIndex.of([cluster('a', { labels: { zone: 'x' } }), cluster('c')]);
    const held = [index.list(), index.select({ matchLabels: { zone: 'x' } })];
    index.set(cluster('b', { labels: { zone: 'x' } }));
    index.remove(keyFor('c'));
    assert.deepEqual(held.map(names), [['a', 'c'].map(keyFor), [keyFor('a')]]);
    assert.deepEqual(names(index.list()), ['a', 'b'].map(keyFor));
  });

  it('hands out the same list as long as nothing changes', () => {
    const index = ClusterIndex.of([cluster('a', { labels: { zone: 'x' } })]);
    const select = () => index.select({ matchLabels: { zone: 'x' } });
    assert.equal(select(), select());
    assert.equal(index.list(), index.list());
  });

  it('follows an informer, also when the last that is seen of a cluster has other labels', () => {
    const options = { freeze: true, onHandlerError: assert.ifError };
    const informer = new StoreInformer(managedClusters, options);
    informer.upsert(cluster('a', { labels: { zone: 'x' } }));
    const index = ClusterIndex.follow(informer);
    assert.deepEqual(names(index.select({ matchLabels: { zone: 'x' } })), [keyFor('a')]);
    informer.remove(cluster('a', { labels: { zone: 'y' } }));
    assert.deepEqual(names(index.select({ matchLabels: { zone: 'x' } })), []);
  });

  it('knows which clusters leave', () => {
    const index = ClusterIndex.of([cluster('a', leaving)]);
    assert.deepEqual([index.list(), index.isLeaving(keyFor('a'))], [[], true]);
    index.remove(keyFor('a'));
    assert.equal(index.isLeaving(keyFor('a')), false);
  });
});
