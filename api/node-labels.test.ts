import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  acceptNodeLabels,
  addOnNodeLabelRule,
  aggregateNodeLabels,
  defaultNodeLabelRule,
  type LabelledNode,
} from './node-labels.ts';

const key = (name: string) => `node.clusternet.io/${name}`;

function node(
  labels: Record<string, string>,
  ready = 'True',
  deletionTimestamp?: string,
): LabelledNode {
  return {
    metadata: { labels, ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }) },
    status: { conditions: [{ type: 'Ready', status: ready }] },
  };
}

/** `count` of `total` workers have value `v` under the key `k`. */
function pool(count: number, total: number): LabelledNode[] {
  return Array.from({ length: total }, (_, index) =>
    node(index < count ? { [key('k')]: 'v' } : {}),
  );
}

const prefixed = fc.constantFrom(key('a'), key('b'), key('c'), 'other.io/d');
const nodes = fc.array(
  fc
    .record({
      labels: fc.dictionary(prefixed, fc.constantFrom('x', 'y', 'z')),
      ready: fc.constantFrom('True', 'True', 'True', 'False', 'Unknown'),
      controlPlane: fc.boolean(),
    })
    .map(({ labels, ready, controlPlane }) =>
      node(
        controlPlane ? { ...labels, 'node-role.kubernetes.io/control-plane': '' } : labels,
        ready,
      ),
    ),
  { maxLength: 12 },
);

describe('aggregateNodeLabels', () => {
  it('keeps the labels that at least the threshold of workers share', () => {
    const workers = [
      node({ [key('k1')]: 'v', [key('k2')]: 'v', [key('k3')]: 'v', [key('k4')]: 'v' }),
      node({ [key('k1')]: 'v', [key('k2')]: 'v', [key('k3')]: 'v', [key('k4')]: 'v' }),
      node({ [key('k1')]: 'v', [key('k2')]: 'v', [key('k3')]: 'v' }),
      node({ [key('k1')]: 'v', [key('k2')]: 'v' }),
    ];
    const names = (threshold: number) =>
      Object.keys(aggregateNodeLabels(workers, undefined, { ...defaultNodeLabelRule, threshold }));
    assert.deepEqual(names(0.8), [key('k1'), key('k2')]);
    assert.deepEqual(names(0.7), [key('k1'), key('k2'), key('k3')]);
    assert.deepEqual(names(0.5), [key('k1'), key('k2'), key('k3'), key('k4')]);
  });

  it('reaches a threshold exactly: four of five are 0.8', () => {
    assert.deepEqual(aggregateNodeLabels(pool(4, 5), undefined), { [key('k')]: 'v' });
    assert.deepEqual(aggregateNodeLabels(pool(7, 9), undefined), {});
  });

  it('leaves out control planes, NotReady nodes and nodes that are going away', () => {
    const workers = [
      node({ [key('k')]: 'v' }),
      node({ [key('k')]: 'w', 'node-role.kubernetes.io/control-plane': '' }),
      node({ [key('k')]: 'w', 'node-role.kubernetes.io/master': '' }),
      node({ [key('k')]: 'w' }, 'False'),
      node({ [key('k')]: 'w' }, 'Unknown'),
      node({ [key('k')]: 'w' }, 'True', '2026-01-01T00:00:00Z'),
      { metadata: { labels: { [key('k')]: 'w' } } },
    ];
    assert.deepEqual(aggregateNodeLabels(workers, undefined), { [key('k')]: 'v' });
  });

  it('reports nothing for a cluster that never had workers, and keeps the last value of one that had', () => {
    assert.deepEqual(aggregateNodeLabels([], undefined), {});
    assert.deepEqual(aggregateNodeLabels([], { [key('k')]: 'v' }), { [key('k')]: 'v' });
    assert.deepEqual(aggregateNodeLabels([node({}, 'False')], { [key('k')]: 'v' }), {
      [key('k')]: 'v',
    });
  });

  it('takes a value back only a tenth below the threshold it came in at', () => {
    const had = { [key('k')]: 'v' };
    assert.deepEqual(aggregateNodeLabels(pool(7, 10), undefined), {});
    assert.deepEqual(aggregateNodeLabels(pool(7, 10), had), had);
    assert.deepEqual(aggregateNodeLabels(pool(6, 10), had), {});
  });

  it('settles ties by the value there was, then by the alphabet', () => {
    const half = [node({ [key('k')]: 'b' }), node({ [key('k')]: 'a' })];
    const rule = { ...defaultNodeLabelRule, threshold: 0.5 };
    assert.deepEqual(aggregateNodeLabels(half, undefined, rule), { [key('k')]: 'a' });
    assert.deepEqual(aggregateNodeLabels(half, { [key('k')]: 'b' }, rule), { [key('k')]: 'b' });
  });

  it('maps the labels of Node Feature Discovery under the rule of the add-on only', () => {
    const label = 'feature.node.kubernetes.io/cpu-cpuid.AVX512F';
    assert.deepEqual(aggregateNodeLabels([node({ [label]: 'true' })], undefined), {});
    assert.deepEqual(
      aggregateNodeLabels([node({ [label]: 'true' })], undefined, addOnNodeLabelRule),
      {
        [label]: 'true',
      },
    );
  });

  it('does not depend on the order of nodes, and its result is stable', () => {
    fc.assert(
      fc.property(nodes, fc.constantFrom(0.5, 0.8, 1), (all, threshold) => {
        const rule = { ...defaultNodeLabelRule, threshold };
        const once = aggregateNodeLabels(all, undefined, rule);
        assert.deepEqual(aggregateNodeLabels(all.toReversed(), undefined, rule), once);
        assert.deepEqual(aggregateNodeLabels(all, once, rule), once);
      }),
    );
  });

  it('gives every label the share of workers it claims', () => {
    fc.assert(
      fc.property(nodes, all => {
        const workers = all.filter(
          each =>
            each.status?.conditions?.[0]?.status === 'True' &&
            !('node-role.kubernetes.io/control-plane' in (each.metadata.labels ?? {})),
        );
        for (const [name, value] of Object.entries(aggregateNodeLabels(all, undefined))) {
          assert.ok(name.startsWith('node.clusternet.io/'));
          const having = workers.filter(each => each.metadata.labels?.[name] === value);
          assert.ok(having.length * 5 >= workers.length * 4);
        }
      }),
    );
  });
});

describe('acceptNodeLabels', () => {
  it('lets through well-formed labels under the allowed prefixes and says what is wrong with others', () => {
    const { accepted, refused } = acceptNodeLabels(
      {
        [key('gpu')]: 'a100',
        'clusters.clusternet.io/cluster-id': 'stolen',
        [key('bad value')]: 'x',
        [key('long')]: 'x'.repeat(64),
      },
      ['node.clusternet.io/', 'feature.node.kubernetes.io/'],
    );
    assert.deepEqual(accepted, { [key('gpu')]: 'a100' });
    assert.deepEqual(refused, [
      'clusters.clusternet.io/cluster-id: the key must start with node.clusternet.io/ or feature.node.kubernetes.io/',
      'node.clusternet.io/bad value: the key is not a label key',
      'node.clusternet.io/long: the value is not a label value',
    ]);
  });
});
