import assert from 'node:assert/strict';
import { cluster, keyFor } from '../../test/scheduling-objects.ts';
import { FleetHealth } from './fleet-health.ts';

function fleet(ready: number, notReady: number): FleetHealth {
  const health = new FleetHealth();
  for (let i = 0; i < ready; i++) health.set(cluster(`r${i}`));
  for (let i = 0; i < notReady; i++) health.set(cluster(`n${i}`, { ready: 'Unknown' }));
  return health;
}

describe('FleetHealth', () => {
  it('sees a large outage when the share of clusters that are not ready is reached, from three on', () => {
    assert.equal(fleet(7, 3).isLargeOutage(30), true);
    assert.equal(fleet(8, 3).isLargeOutage(30), false);
    assert.equal(fleet(0, 2).isLargeOutage(30), false);
    assert.equal(fleet(0, 0).isLargeOutage(30), false);
  });

  it('follows clusters that recover and go', () => {
    const health = fleet(7, 3);
    health.set(cluster('n0'));
    assert.equal(health.isLargeOutage(30), false);
    health.set(cluster('n0', { ready: 'False' }));
    assert.equal(health.isLargeOutage(30), true);
    health.remove(keyFor('n0'));
    assert.equal(health.isLargeOutage(30), false);
  });

  it('does not count clusters that never connected', () => {
    const health = fleet(0, 2);
    const silent = cluster('silent', { ready: 'Unknown' });
    const conditions = silent.status?.conditions?.map(each => ({
      ...each,
      reason: 'ClusterStatusNeverUpdated',
    }));
    health.set({ ...silent, status: { conditions: conditions ?? [] } });
    assert.equal(health.isLargeOutage(30), false);
  });
});
