import assert from 'node:assert/strict';
import type { ContainerState, Pod } from './pod.ts';
import { type ContainerFacts, phaseOf, podStatus } from './pod-status.ts';

const waiting: ContainerState = { waiting: { reason: 'ContainerCreating' } };
const running: ContainerState = { running: { startedAt: '2026-01-01T00:00:00Z' } };
const ended = (exitCode: number): ContainerState => ({
  terminated: { exitCode, reason: '', startedAt: '', finishedAt: '', containerID: '' },
});

describe('phaseOf', () => {
  const cases: [string, ContainerState[], Pod['spec']['restartPolicy'], string][] = [
    ['a container that was never started', [running, waiting], 'Always', 'Pending'],
    ['a running container', [running], 'Always', 'Running'],
    ['a container that is about to be restarted', [ended(1)], 'Always', 'Running'],
    ['a container that failed and will be tried again', [ended(1)], 'OnFailure', 'Running'],
    ['success, one of two', [ended(0), running], 'Never', 'Running'],
    ['success, all', [ended(0), ended(0)], 'OnFailure', 'Succeeded'],
    ['a failure that is final', [ended(0), ended(2)], 'Never', 'Failed'],
  ];
  for (const [what, states, policy, phase] of cases) {
    it(`is ${phase} for ${what}`, () => {
      assert.equal(
        phaseOf(
          states.map(state => ({ state })),
          policy,
        ),
        phase,
      );
    });
  }

  it('is Running between two runs', () => {
    assert.equal(phaseOf([{ state: waiting, lastState: ended(1) }]), 'Running');
  });
});

describe('podStatus', () => {
  const facts: ContainerFacts = {
    name: 'c',
    image: 'i',
    state: running,
    started: true,
    ready: true,
    restartCount: 0,
  };
  const addresses = { hostIP: '127.64.0.1', podIP: '10.244.255.10', startTime: 'then' };
  const pod = (status: Pod['status'] = {}) =>
    ({ metadata: {}, spec: { containers: [] }, status }) as unknown as Pod;

  function statusOf(containers: ContainerFacts[], before: Pod = pod()) {
    return podStatus(before, { ...addresses, containers }, 'now');
  }
  const condition = (status: ReturnType<typeof statusOf>, type: string) =>
    status.conditions?.find(each => each.type === type);

  it('is ready when all containers are, and names those that are not', () => {
    assert.equal(condition(statusOf([facts]), 'Ready')?.status, 'True');
    const unready = condition(statusOf([facts, { ...facts, name: 'd', ready: false }]), 'Ready');
    assert.equal(unready?.status, 'False');
    assert.equal(unready?.message, 'containers with unready status: [d]');
  });

  it('keeps the time of a condition until its status changes', () => {
    const podBefore = (status: 'True' | 'False') =>
      pod({ conditions: [{ type: 'Ready', status, lastTransitionTime: 'before' }] });
    assert.equal(
      condition(statusOf([facts], podBefore('True')), 'Ready')?.lastTransitionTime,
      'before',
    );
    assert.equal(
      condition(statusOf([facts], podBefore('False')), 'Ready')?.lastTransitionTime,
      'now',
    );
  });

  it('keeps conditions that are not a kubelet’s', () => {
    const other = {
      type: 'DisruptionTarget',
      status: 'True',
      lastTransitionTime: 'before',
    } as const;
    assert.deepEqual(
      condition(statusOf([facts], pod({ conditions: [other] })), 'DisruptionTarget'),
      other,
    );
  });

  it('reports addresses and container statuses', () => {
    const status = statusOf([{ ...facts, containerID: 'process://7', restartCount: 2 }]);
    assert.deepEqual(status.podIPs, [{ ip: '10.244.255.10' }]);
    assert.deepEqual(status.containerStatuses, [
      {
        name: 'c',
        image: 'i',
        imageID: '',
        state: running,
        started: true,
        ready: true,
        restartCount: 2,
        containerID: 'process://7',
      },
    ]);
  });
});
