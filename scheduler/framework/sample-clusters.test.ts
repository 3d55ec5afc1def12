import assert from 'node:assert/strict';
import { cluster, keyFor, subscription } from '../../test/scheduling-objects.ts';
import { testPlugins } from '../../test/scheduling-plugins.ts';
import { ClusterIndex } from '../cluster-index.ts';
import type { Cycle } from './plugin.ts';
import { buildProfile } from './profile.ts';
import { sampleClusters, sampleSize } from './sample-clusters.ts';

const dynamic = {
  schedulingStrategy: 'Dividing',
  dividingScheduling: { type: 'Dynamic', dynamicDividing: { strategy: 'Spread' } },
} as const;
const fixed = { schedulingStrategy: 'Dividing', dividingScheduling: { type: 'Static' } } as const;

function sample(percentage: number, count: number, bound: readonly string[] = [], name = 'app') {
  const clusters = ClusterIndex.of(
    Array.from({ length: count }, (_, index) => {
      const name = `c${String(index).padStart(4, '0')}`;
      return cluster(name, { ready: index % 2 === 0 ? 'True' : 'False' });
    }),
  );
  const feeds = [{ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'qux', name }];
  const cycle: Cycle = {
    subscription: subscription({ ...dynamic, feeds }, { bindingClusters: bound.map(keyFor) }),
    clusters,
    bound: new Set(bound.map(keyFor)),
    notes: new Map(),
  };
  const options = { percentageOfClustersToScore: percentage };
  const profile = buildProfile({ schedulerName: 'default' }, testPlugins(), options);
  return sampleClusters(profile, cycle, clusters.list());
}

describe('sampleClusters', () => {
  for (const [what, spec] of [
    ['Replication', {}],
    ['static dividing', fixed],
  ] as const) {
    it(`looks at every cluster for ${what}, whatever the percentage`, () => {
      for (const percentage of [0, 5, 100]) {
        assert.equal(sampleSize(subscription(spec), 10_000, percentage), 10_000);
      }
    });
  }

  it('takes a part for dynamic dividing, of 100 clusters at least, and adapts it when it is 0', () => {
    const sizes = [
      [99, 1, 99],
      [500, 10, 100],
      [5000, 10, 500],
      [1000, 0, 420],
      [10_000, 0, 500],
      [10_000, 100, 10_000],
    ] as const;
    for (const [clusters, percentage, size] of sizes) {
      assert.equal(sampleSize(subscription(dynamic), clusters, percentage), size);
    }
  });

  it('finds as many that fit as are enough, in the order of the keys', () => {
    const { fitting } = sample(20, 1000);
    const keys = fitting.map(({ key }) => key);
    assert.equal(keys.length, 200);
    assert.deepEqual(keys, [...keys].sort());
    assert.ok(
      fitting.every(({ cluster: { status } }) => status?.conditions?.[0]?.status === 'True'),
    );
  });

  it('never leaves out a cluster that is bound, and begins elsewhere for another Subscription', () => {
    const bound = ['c0000', 'c0002', 'c0998'];
    const keys = sample(10, 1000, bound).fitting.map(({ key }) => key);
    assert.equal(keys.length, 100);
    assert.deepEqual(
      bound.map(keyFor).filter(key => !keys.includes(key)),
      [],
    );
    const [one, other] = ['app', 'database'].map(name => sample(10, 1000, [], name).fitting);
    assert.notDeepEqual(one, other);
    assert.deepEqual(sample(10, 1000).fitting, sample(10, 1000).fitting);
  });
});
