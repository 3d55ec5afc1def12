import assert from 'node:assert/strict';
import fc from 'fast-check';
import { PresentReplicas } from './present-replicas.ts';

const feed = 'apps/v1/Deployment/qux/web';

describe('PresentReplicas', () => {
  it('says of many clusters what it says of each, in whatever order', () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-e]{1,2}\/[a-e]$/), { maxLength: 12 });
    fc.assert(
      fc.property(names, names, fc.array(fc.integer({ min: -2, max: 9 })), (bound, asked, some) => {
        const counts = bound.map((_, index) => some[index] ?? index);
        const status = { bindingClusters: bound.toSorted(), replicas: { [feed]: counts } };
        const present = PresentReplicas.in(status);
        for (const clusters of [asked, asked.toSorted(), bound, bound.toSorted()]) {
          const each = clusters.map(cluster => present.of(cluster, feed));
          assert.deepEqual(present.column(clusters, feed), each);
          assert.ok(each.every(count => count >= 0));
        }
      }),
    );
  });

  it('says nothing of a list that does not fit the clusters', () => {
    const present = PresentReplicas.in({ bindingClusters: ['a/a'], replicas: { [feed]: [1, 2] } });
    assert.deepEqual(present.column(['a/a'], feed), [0]);
  });
});
