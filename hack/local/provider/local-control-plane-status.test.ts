import assert from 'node:assert/strict';
import type { LocalControlPlane, LocalControlPlaneStatus } from './local-control-plane.ts';
import { controlPlaneStatus } from './local-control-plane-status.ts';

const now = new Date('2026-01-01T00:00:00Z');
const plane = (status?: LocalControlPlaneStatus): LocalControlPlane => ({
  apiVersion: 'a',
  kind: 'k',
  metadata: { generation: 3 },
  spec: { version: 'v1.36.3' },
  ...(status && { status }),
});
const running = { state: 'running', version: 'v1.36.3' } as const;
const conditionOf = (status: LocalControlPlaneStatus, type: string) =>
  status.conditions?.find(each => each.type === type);

describe('controlPlaneStatus', () => {
  it('is initialized and Available with one replica when the control plane runs', () => {
    const status = controlPlaneStatus(plane(), running, now);
    assert.deepEqual(status.initialization, { controlPlaneInitialized: true });
    assert.deepEqual([status.replicas, status.readyReplicas, status.upToDateReplicas], [1, 1, 1]);
    assert.equal(conditionOf(status, 'Available')?.status, 'True');
    assert.equal(conditionOf(status, 'Paused')?.status, 'False');
  });

  it('does not change when nothing has', () => {
    const status = controlPlaneStatus(plane(), running, now);
    const later = new Date('2026-02-01T00:00:00Z');
    assert.deepEqual(controlPlaneStatus(plane(status), running, later), status);
  });

  it('says why it waits, and stays initialized', () => {
    const before = controlPlaneStatus(plane(), running, now);
    const waiting = { state: 'waiting', reason: 'Why', message: 'because' } as const;
    const status = controlPlaneStatus(plane(before), waiting, now);
    assert.deepEqual(status.initialization, { controlPlaneInitialized: true });
    const { reason, message, observedGeneration } = conditionOf(status, 'Available') ?? {};
    assert.deepEqual([reason, message, observedGeneration], ['Why', 'because', 3]);
  });

  it('tells its version as soon as it runs, which the infrastructure waits for', () => {
    const waiting = { state: 'waiting', reason: 'Why', message: 'because', version: 'v1' } as const;
    const status = controlPlaneStatus(plane(), waiting, now);
    assert.equal(status.version, 'v1');
    assert.equal(status.initialization, undefined);
  });

  it('changes nothing but the condition Paused when it is paused', () => {
    const before = controlPlaneStatus(plane(), running, now);
    const status = controlPlaneStatus(plane(before), { state: 'paused' }, now);
    assert.equal(conditionOf(status, 'Paused')?.status, 'True');
    assert.deepEqual(conditionOf(status, 'Available'), conditionOf(before, 'Available'));
    assert.equal(status.replicas, 1);
  });
});
