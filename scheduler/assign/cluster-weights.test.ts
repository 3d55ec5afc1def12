import assert from 'node:assert/strict';
import fc from 'fast-check';
import { matchesSelector } from '../../api/label-selector.ts';
import { cluster, subscription } from '../../test/scheduling-objects.ts';
import { ClusterIndex } from '../cluster-index.ts';
import { clusterWeights } from './cluster-weights.ts';

describe('clusterWeights', () => {
  it('sums up the weights of the subscribers that each cluster matches', () => {
    const zones = fc.array(fc.constantFrom('x', 'y', 'z'), { maxLength: 8 });
    const wishes = fc.array(
      fc.record({ zone: fc.option(fc.constantFrom('x', 'y', 'z')), weight: fc.nat({ max: 5 }) }),
    );
    fc.assert(
      fc.property(zones, wishes, fc.nat(), (labels, asked, mask) => {
        const index = ClusterIndex.of(
          labels.map((zone, i) => cluster(`c${i}`, { labels: { zone } })),
        );
        const subscribers = asked.map(({ zone, weight }) => ({
          clusterAffinity: zone === null ? {} : { matchLabels: { zone } },
          weight,
        }));
        const chosen = index.list().filter((_, i) => mask & (1 << i));
        const keys = chosen.map(({ key }) => key);
        const expected = chosen.map(({ cluster: { metadata } }) =>
          subscribers
            .filter(({ clusterAffinity }) => matchesSelector(clusterAffinity, metadata.labels))
            .reduce((total, { weight }) => total + weight, 0),
        );
        const { spec } = subscription({ subscribers });
        assert.deepEqual(clusterWeights(spec, index, keys), expected);
      }),
    );
  });
});
