import assert from 'node:assert/strict';
import { type Explanation, parseExplanation } from '../../api/apps/explanation.ts';
import { fitExplanation } from './fit-explanation.ts';

function explanationOf(count: number, reason: (index: number) => string): Explanation {
  return {
    id: '2026-01-01T00:00:00Z',
    answered: '2026-01-01T00:00:00Z',
    subscription: 'default/app',
    generation: 1,
    profile: 'default',
    verdict: { status: 'True', reason: 'Scheduled', message: '' },
    feeds: [],
    clusters: Array.from({ length: count }, (_, index) => ({
      key: `ns/${index}`,
      fate: 'Rejected' as const,
      said: [{ plugin: 'Mine', reason: reason(index), evicts: false }],
      scores: [],
      shares: [],
    })),
    others: {},
  };
}

describe('fitExplanation', () => {
  it('leaves nothing out that fits', () => {
    const whole = explanationOf(3, () => 'are not ready');
    assert.deepEqual(parseExplanation(fitExplanation(whole, 100_000)), whole);
  });

  it('counts what does not fit by reason, and never passes the limit', () => {
    for (const reason of [
      (index: number) => (index % 2 === 0 ? 'are even' : 'are odd'),
      (index: number) => `${index} ${'ü'.repeat(500)}`,
    ]) {
      const json = fitExplanation(explanationOf(5000, reason), 100_000);
      assert.ok(Buffer.byteLength(json) <= 100_000);
      const { clusters, others } = parseExplanation(json);
      assert.ok(clusters.length > 0);
      assert.equal(clusters.length + Object.values(others).reduce((a, b) => a + b, 0), 5000);
    }
  });
});
