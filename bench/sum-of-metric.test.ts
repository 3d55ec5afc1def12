import assert from 'node:assert/strict';
import { sumOfMetric } from './sum-of-metric.ts';

const text = `# TYPE requests_total counter
requests_total{verb="POST",resource="pods"} 3
requests_total{verb="GET",resource="pods"} 40
requests_total{verb="POST",resource="nodes"} 2
requests_total_more{verb="POST"} 7
depth 5
`;

describe('sumOfMetric', () => {
  it('sums up the samples of one name whose labels have the values', () => {
    assert.equal(sumOfMetric(text, 'requests_total', { verb: 'POST' }), 5);
    assert.equal(sumOfMetric(text, 'requests_total', { verb: 'POST', resource: 'pods' }), 3);
    assert.equal(sumOfMetric(text, 'depth'), 5);
    assert.equal(sumOfMetric(text, 'nothing'), 0);
  });
});
