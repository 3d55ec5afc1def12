import assert from 'node:assert/strict';
import type { SubscriptionSpec } from '../api/apps/subscription.ts';
import { subscription } from '../test/scheduling-objects.ts';
import { specProblems } from './spec-problems.ts';

function problems(spec: unknown): readonly string[] {
  return specProblems(subscription(spec as Partial<SubscriptionSpec>).spec);
}

function dynamic(dynamicDividing: object): readonly string[] {
  return problems({ dividingScheduling: { type: 'Dynamic', dynamicDividing } });
}

const path = 'spec.dividingScheduling.dynamicDividing';
const spread = { topologyKey: 'zone', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' };
const prefer = (requirement: object) => ({
  weight: 1,
  preference: { matchExpressions: [requirement] },
});

describe('specProblems', () => {
  it('finds nothing wrong with sound specs', () => {
    assert.deepEqual(problems({}), []);
    assert.deepEqual(problems({ dividingScheduling: { type: 'Dynamic' } }), []);
    assert.deepEqual(
      dynamic({
        minClusters: 1,
        maxClusters: 1,
        topologySpreadConstraints: [{ ...spread, minDomains: 2 }],
        preferredClusters: [prefer({ key: 'cores', operator: 'Gt', values: ['4'] })],
      }),
      [],
    );
  });

  const wrong: [string, readonly string[], string][] = [
    ['no subscribers', problems({ subscribers: [] }), 'spec.subscribers: is empty'],
    [
      'a negative weight',
      problems({ subscribers: [{ clusterAffinity: {}, weight: -1 }] }),
      'spec.subscribers[0].weight: -1 is not a whole number from 0 to 2147483647',
    ],
    [
      'a huge weight',
      problems({ subscribers: [{ clusterAffinity: {}, weight: 2 ** 40 }] }),
      'spec.subscribers[0].weight: 1099511627776 is not',
    ],
    [
      'a negative group',
      problems({
        subscribers: [{ clusterAffinity: {}, subGroupStrategy: { minClusters: -2 } }],
      }),
      'spec.subscribers[0].subGroupStrategy.minClusters: -2 is not',
    ],
    [
      'an unknown strategy',
      problems({ schedulingStrategy: 'Guessing' }),
      'spec.schedulingStrategy: "Guessing" is not one of Replication, Dividing',
    ],
    [
      'an unknown type',
      problems({ dividingScheduling: { type: 'Lucky' } }),
      'spec.dividingScheduling.type: "Lucky" is not one of Static, Dynamic',
    ],
    ['an unknown dynamic strategy', dynamic({ strategy: 'Tetris' }), `${path}.strategy: "Tetris"`],
    ['no clusters at most', dynamic({ maxClusters: 0 }), `${path}.maxClusters: 0 is not`],
    [
      'more at least than at most',
      dynamic({ minClusters: 3, maxClusters: 2 }),
      `${path}.minClusters: 3 is more than maxClusters, 2`,
    ],
    [
      'no skew',
      dynamic({ topologySpreadConstraints: [{ ...spread, maxSkew: 0 }] }),
      `${path}.topologySpreadConstraints[0].maxSkew: 0 is not a whole number from 1`,
    ],
    [
      'a topology key that is none',
      dynamic({ topologySpreadConstraints: [{ ...spread, topologyKey: 'a b' }] }),
      `${path}.topologySpreadConstraints[0].topologyKey: "a b" is not a label key`,
    ],
    [
      'an unknown whenUnsatisfiable',
      dynamic({ topologySpreadConstraints: [{ ...spread, whenUnsatisfiable: 'Cry' }] }),
      `${path}.topologySpreadConstraints[0].whenUnsatisfiable: "Cry" is not one of DoNotSchedule`,
    ],
    [
      'domains at least, as a wish',
      dynamic({
        topologySpreadConstraints: [
          { ...spread, whenUnsatisfiable: 'ScheduleAnyway', minDomains: 2 },
        ],
      }),
      `${path}.topologySpreadConstraints[0].minDomains: is only allowed with`,
    ],
    [
      'a weight above 100',
      dynamic({
        preferredClusters: [{ ...prefer({ key: 'a', operator: 'Exists' }), weight: 101 }],
      }),
      `${path}.preferredClusters[0].weight: 101 is not a whole number from 1 to 100`,
    ],
    [
      'an unknown operator',
      dynamic({ preferredClusters: [prefer({ key: 'a', operator: 'Near' })] }),
      `${path}.preferredClusters[0].preference.matchExpressions[0].operator: "Near" is not one of In`,
    ],
    [
      'an unknown field',
      dynamic({
        preferredClusters: [
          { weight: 1, preference: { matchFields: [{ key: 'metadata.uid', operator: 'In' }] } },
        ],
      }),
      `${path}.preferredClusters[0].preference.matchFields[0].key: "metadata.uid" is not one of`,
    ],
  ];
  for (const [what, found, message] of wrong) {
    it(`names the field of ${what}, and what is allowed`, () => {
      assert.equal(found.length, 1, found.join('; '));
      assert.ok(found[0]?.startsWith(message), `it says: ${found[0]}`);
    });
  }

  it('names the second of two equal feeds', () => {
    const feed = { apiVersion: 'v1', kind: 'Secret', namespace: 'a', name: 'b' };
    const feeds = [feed, { ...feed, name: 'c' }, feed];
    assert.deepEqual(problems({ feeds }), [
      'spec.feeds[2]: names Secret a/b again, as spec.feeds[0] does: remove one',
    ]);
  });
});
