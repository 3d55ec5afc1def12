import assert from 'node:assert/strict';
import type { Taint, Toleration } from '../../api/taint.ts';
import { cluster } from '../../test/scheduling-objects.ts';
import { evictionCause } from './eviction-cause.ts';

const minuteMs = 60_000;
/** When the clusters of the tests became not ready, and their taints were added. */
const start = Date.parse('2026-01-01T00:00:00Z');
const timeAdded = '2026-01-01T00:00:00Z';
const evacuate: Taint = { key: 'evacuate', value: 'soon', effect: 'NoExecute', timeAdded };

function causeOf(options: Parameters<typeof cluster>[1], ...tolerations: Toleration[]) {
  return evictionCause(cluster('a', options), tolerations, 5 * minuteMs);
}

describe('evictionCause', () => {
  it('finds none in a cluster that is ready, whatever keeps new placements away', () => {
    assert.equal(causeOf({ taints: [{ key: 'k', effect: 'NoSchedule' }] }), undefined);
  });

  it('finds one in a NoExecute taint at once, unless it is tolerated', () => {
    const taints = [evacuate];
    assert.deepEqual(causeOf({ taints }), { reason: 'Tainted', dueAt: 0 });
    assert.equal(causeOf({ taints }, { key: 'evacuate', operator: 'Exists' }), undefined);
    assert.equal(causeOf({ taints }, { key: 'evacuate', value: 'later' })?.dueAt, 0);
  });

  it('counts tolerationSeconds from timeAdded, the fewest of them, and none beats all', () => {
    const taints = [evacuate];
    const [hour, minute] = [3600, 60].map(tolerationSeconds => ({
      key: 'evacuate',
      operator: 'Exists',
      tolerationSeconds,
    })) as [Toleration, Toleration];
    assert.equal(causeOf({ taints }, hour)?.dueAt, start + 60 * minuteMs);
    assert.equal(causeOf({ taints }, hour, minute)?.dueAt, start + minuteMs);
    assert.equal(causeOf({ taints }, minute, { operator: 'Exists' }), undefined);
    assert.equal(causeOf({ taints }, { ...minute, tolerationSeconds: -5 })?.dueAt, start);
  });

  it('cannot tell when a toleration runs out whose taint does not say since when it is there', () => {
    const { timeAdded: _, ...undated } = evacuate;
    const toleration = { key: 'evacuate', operator: 'Exists', tolerationSeconds: 60 };
    assert.deepEqual(causeOf({ taints: [undated] }, toleration), {
      reason: 'Tainted',
      dueAt: undefined,
    });
  });

  it('finds one in a cluster that is not ready, after the grace, counted from the taint rather than the condition', () => {
    assert.deepEqual(causeOf({ ready: 'Unknown' }), {
      reason: 'NotReady',
      dueAt: start + 5 * minuteMs,
    });
    const key = 'clusters.clusternet.io/unschedulable';
    const earlier = { key, effect: 'NoSchedule', timeAdded: '2025-12-31T23:58:00Z' };
    assert.equal(causeOf({ ready: 'False', taints: [earlier] })?.dueAt, start + 3 * minuteMs);
  });

  it('never leaves a cluster for not being ready where the taint unschedulable is tolerated without seconds', () => {
    const key = 'clusters.clusternet.io/unschedulable';
    for (const effect of [undefined, 'NoSchedule', 'NoExecute']) {
      const toleration = { key, operator: 'Exists', ...(effect && { effect }) };
      assert.equal(causeOf({ ready: 'Unknown' }, toleration), undefined);
      const seconds = { ...toleration, tolerationSeconds: 3600 };
      assert.equal(causeOf({ ready: 'Unknown' }, seconds)?.dueAt, start + 60 * minuteMs);
    }
  });

  it('takes the cause that falls due first', () => {
    const cause = causeOf({ ready: 'False', taints: [evacuate] });
    assert.deepEqual(cause, { reason: 'Tainted', dueAt: 0 });
  });
});
