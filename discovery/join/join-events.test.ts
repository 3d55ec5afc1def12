import assert from 'node:assert/strict';
import type { Condition } from '../../api/kube-object.ts';
import { joinEvents } from './join-events.ts';

function condition(type: string, status: Condition['status'], reason: string): Condition {
  return {
    type,
    status,
    reason,
    message: `${reason}.`,
    lastTransitionTime: '2026-01-01T00:00:00Z',
  };
}

describe('joinEvents', () => {
  it('tells of milestones once, when a condition turns', () => {
    const waiting = condition('Connected', 'False', 'WaitingForAgent');
    const connected = condition('Connected', 'True', 'Connected');
    assert.deepEqual(joinEvents([], [waiting]), []);
    assert.deepEqual(joinEvents([waiting], [connected]), [
      { type: 'Normal', reason: 'Joined', message: 'Connected.' },
    ]);
    assert.deepEqual(joinEvents([connected], [connected]), []);
  });

  it('tells coming back from coming in', () => {
    const lost = condition('Connected', 'False', 'Disconnected');
    const connected = condition('Connected', 'True', 'Connected');
    assert.equal(joinEvents([connected], [lost])[0]?.type, 'Warning');
    assert.equal(joinEvents([lost], [connected])[0]?.reason, 'Reconnected');
  });

  it('warns of each new obstacle, and not again while it stays', () => {
    const missing = condition('KubeconfigAvailable', 'False', 'SecretNotFound');
    const invalid = condition('KubeconfigAvailable', 'False', 'SecretInvalid');
    assert.equal(joinEvents([], [missing])[0]?.reason, 'SecretNotFound');
    assert.deepEqual(joinEvents([missing], [missing]), []);
    assert.equal(joinEvents([missing], [invalid])[0]?.reason, 'SecretInvalid');
  });
});
