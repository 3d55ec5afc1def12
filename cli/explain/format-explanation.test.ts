import assert from 'node:assert/strict';
import type { Explanation } from '../../api/apps/explanation.ts';
import { formatExplanation } from './format-explanation.ts';

const feed = 'apps/v1/Deployment/qux/web';
const explanation: Explanation = {
  id: '2026-01-01T00:00:00Z',
  answered: '2026-01-01T00:00:00Z',
  subscription: 'default/app',
  generation: 3,
  profile: 'default',
  verdict: { status: 'True', reason: 'Scheduled', message: 'bound to 2 clusters' },
  dividing: 'Static',
  feeds: [{ feed, wanted: 12, placed: 12 }],
  clusters: [
    {
      key: 'a/berlin',
      fate: 'Chosen',
      said: [],
      scores: [{ plugin: 'TaintToleration', score: 50, weight: 3 }],
      shares: [{ feed, by: 1, had: 0, gets: 4 }],
    },
    {
      key: 'b/munich',
      fate: 'Rejected',
      said: [{ plugin: 'Readiness', reason: 'are not ready', evicts: false }],
      scores: [],
      shares: [],
    },
  ],
  others: { 'do not match any subscriber': 17 },
};

describe('formatExplanation', () => {
  it('says per cluster which plugin said what, and how replicas were divided', () => {
    assert.deepEqual(formatExplanation(explanation).split('\n'), [
      'Subscription default/app, generation 3, profile default',
      'Scheduled=True/Scheduled: bound to 2 clusters',
      '',
      'CLUSTER   FATE      SCORE                       WHY',
      'a/berlin  Chosen    150 (TaintToleration 50x3)  -',
      'b/munich  Rejected  -                           Readiness: are not ready',
      '',
      '17 more:  do not match any subscriber',
      '',
      'apps/v1/Deployment/qux/web: 12 of 12 replicas, Static',
      'CLUSTER   BY  HAD  GETS',
      'a/berlin  1   0    4',
      '',
      'BY is the weight of a cluster: it gets floor(replicas x weight / sum of weights), the rest goes one each to the heaviest.',
      '',
    ]);
  });
});
