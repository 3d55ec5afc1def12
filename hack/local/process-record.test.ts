import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { endProcess, isRunning, recordOf } from './process-record.ts';

describe('a process record', () => {
  it('tells a process from a later one with the same pid', () => {
    const record = recordOf(process.pid, 'this');
    assert.ok(record && isRunning(record));
    assert.ok(!isRunning({ ...record, startTime: 'another boot/1' }));
  });

  it('does not exist for a process that does not', async () => {
    const child = spawn('true');
    const pid = child.pid ?? 0;
    await once(child, 'exit');
    assert.equal(recordOf(pid, 'gone'), undefined);
  });

  it('never lets a process be ended that only has the pid', async () => {
    const child = spawn('sleep', ['60']);
    const record = recordOf(child.pid ?? 0, 'sleep');
    assert.ok(record);
    await endProcess({ ...record, startTime: 'another boot/1' }, 0);
    assert.ok(isRunning(record));
    child.kill();
    await once(child, 'exit');
  });
});
