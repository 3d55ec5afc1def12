import assert from 'node:assert/strict';
import { failoverSettings } from './failover-configuration.ts';

describe('failoverSettings', () => {
  it('has defaults for what is not said', () => {
    const standard = { graceMs: 300_000, clustersPerMinute: 6, largeOutagePercentage: 30 };
    assert.deepEqual(failoverSettings(), standard);
    const patient = failoverSettings({ notReadyGrace: '1h30m' });
    assert.deepEqual(patient, { ...standard, graceMs: 5_400_000 });
  });
});
