import assert from 'node:assert/strict';
import type { Deployment, Pod } from '../../kube/builtin-kinds.ts';
import { agentHealth } from './agent-health.ts';

const object = { apiVersion: 'v1', kind: 'X', metadata: { name: 'agent' } };
const deployment = (status: object): Deployment => ({ ...object, status });
const pod = (status: object): Pod => ({
  ...object,
  spec: { containers: [{ name: 'manager', image: 'example.test/clusternet:v9' }] },
  status,
});

describe('agentHealth', () => {
  it('takes one available replica for health', () => {
    const { status, reason } = agentHealth(deployment({ availableReplicas: 1 }), []);
    assert.deepEqual([status, reason], ['True', 'Available']);
  });

  it('finds the cause, and says what to do about it', () => {
    const waiting = { state: { waiting: { reason: 'ErrImagePull' } } };
    const crashed = { restartCount: 3, lastState: { terminated: { exitCode: 1 } } };
    const unscheduled = { type: 'PodScheduled', status: 'False', message: '0/3 nodes' };
    const refused = { type: 'ReplicaFailure', status: 'True', message: 'exceeded quota' };
    const cases = [
      [undefined, [], 'NotDeployed', /does not exist/],
      [{ ...deployment({}), spec: { replicas: 0 } }, [], 'NotDeployed', /scaled to 0.*kubectl/],
      [deployment({ conditions: [refused] }), [], 'AdmissionDenied', /exceeded quota/],
      [
        deployment({}),
        [pod({ containerStatuses: [waiting] })],
        'ImagePull',
        /clusternet:v9 .*spec\.agent\.image/,
      ],
      [deployment({}), [pod({ containerStatuses: [crashed] })], 'CrashLoop', /code 1; .*kubectl/],
      [
        deployment({}),
        [pod({ conditions: [unscheduled] })],
        'Unschedulable',
        /0\/3 nodes.*tolerations/,
      ],
      [deployment({}), [pod({})], 'Progressing', /starting/],
    ] as const;
    for (const [found, pods, reason, message] of cases) {
      const health = agentHealth(found, pods);
      assert.equal(health.reason, reason);
      assert.match(health.message, message);
    }
  });
});
