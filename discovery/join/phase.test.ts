import assert from 'node:assert/strict';
import type { Course } from './course.ts';
import { phaseOf, summarise } from './phase.ts';
import { Progress } from './progress.ts';
import { type ConditionType, reasons } from './reasons.ts';

const join: Course = { do: 'join' };

/** Conditions that are True, in the order of coming to life, up to and including `last`. */
function upTo(last: ConditionType | undefined): Progress {
  const progress = new Progress([], 1, new Date(0));
  progress.set('Selected', 'True', 'Selected', '');
  progress.set('Deleting', 'False', 'NotDeleting', '');
  progress.set('Paused', 'False', 'NotPaused', '');
  const order = ['ControlPlaneInitialized', 'HubReachable', 'KubeconfigAvailable'] as const;
  const rest = ['ClusterReachable', 'Registered', 'AgentApplied', 'Connected'] as const;
  for (const type of [...order, ...rest].slice(0, [...order, ...rest].indexOf(last as never) + 1))
    progress.put(type, 'True', 'Good', 'good');
  return progress;
}

describe('phaseOf', () => {
  it('follows a cluster from Waiting to Joined', () => {
    const phases = [
      undefined,
      'ControlPlaneInitialized',
      'KubeconfigAvailable',
      'Registered',
      'AgentApplied',
      'Connected',
    ] as const;
    assert.deepEqual(
      phases.map(type => phaseOf(join, upTo(type))),
      ['Waiting', 'Waiting', 'Preparing', 'Bootstrapping', 'Joining', 'Joined'],
    );
  });

  it('calls a cluster that was connected Degraded, not Joining', () => {
    const progress = upTo('Connected');
    progress.set('Connected', 'False', 'Disconnected', 'lost');
    assert.equal(phaseOf(join, progress), 'Degraded');
  });

  it('shows pausing, leaving, detaching and ignoring as such', () => {
    const progress = upTo('Connected');
    progress.set('Deleting', 'True', 'ClusterDeleted', '');
    const message = '';
    assert.equal(phaseOf({ do: 'freeze', why: 'Paused' }, progress), 'Paused');
    assert.equal(phaseOf({ do: 'freeze', why: 'ClusterAPIUnavailable' }, progress), 'Joined');
    assert.equal(phaseOf({ do: 'leave' }, progress), 'Leaving');
    assert.equal(phaseOf({ do: 'detach', reason: 'OptedOut', message }, progress), 'Detaching');
    assert.equal(phaseOf({ do: 'ignore', reason: 'OptedOut', message }, progress), 'Ignored');
  });
});

describe('summarise', () => {
  it('gives Ready the reason of the first thing that stands in the way', () => {
    const progress = upTo('HubReachable');
    progress.set('KubeconfigAvailable', 'False', 'SecretNotFound', 'no Secret yet');
    progress.set('Connected', 'False', 'WaitingForAgent', 'not yet');
    summarise(join, progress);
    assert.equal(progress.find('Ready')?.reason, 'SecretNotFound');
    assert.equal(progress.find('Ready')?.message, 'no Secret yet');
  });

  it('calls a connected cluster ready whatever was wrong on its way in', () => {
    const progress = upTo('Connected');
    progress.set('ClusterReachable', 'False', 'TimedOut', 'too late');
    summarise(join, progress);
    assert.equal(progress.find('Ready')?.status, 'True');
    progress.set('Paused', 'True', 'Paused', 'paused');
    summarise(join, progress);
    assert.equal(progress.find('Ready')?.reason, 'Paused');
  });

  it('knows the reasons of every condition, none twice', () => {
    for (const [type, list] of Object.entries(reasons)) {
      assert.ok(list.length > 0, type);
      assert.equal(new Set(list).size, list.length, type);
      for (const reason of list) assert.match(reason, /^[A-Z][A-Za-z]+$/);
    }
  });
});
