import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../test/eventually.ts';
import { killProcess } from '../../test/kill-process.ts';
import { ProcessGroup } from './process-group.ts';
import { isRunning } from './process-record.ts';

describe('a process group', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'process-group-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const spec = (what: string, script: string) => ({
    what,
    file: 'sh',
    args: ['-c', script],
    logFile: join(directory, 'log'),
    recordDirectory: join(directory, 'processes'),
  });
  const forever = 'while :; do sleep 0.05; done';

  it('stops the last started first', async () => {
    await using group = new ProcessGroup();
    const says = (name: string) => `trap 'echo ${name}; exit' TERM; echo up; ${forever}`;
    await group.start(spec('a', says('a')));
    await group.start(spec('b', says('b')));
    const [a] = group.processes;
    await eventually(async () => (await a?.lastWords()) === 'up\nup', { describe: 'both run' });
    await group.stop();
    assert.equal(await a?.lastWords(2), 'b\na');
  });

  it('says which one ended early, and its last words', async () => {
    await using group = new ProcessGroup();
    await group.start(spec('a', forever));
    await group.check('all is well');
    await group.start(spec('b', 'echo no such file; exit 2'));
    await group.processes[1]?.exited;
    await assert.rejects(group.check('all is well'), error => {
      assert.match(
        String(error),
        /b ended \(exit code 2\) before all is well; .*:\nno such file$/s,
      );
      return true;
    });
  });

  it('starts one that ends again, unless the group was stopped', async () => {
    const lines: string[] = [];
    const group = new ProcessGroup();
    await group.start(spec('a', forever));
    group.keepRunning(line => lines.push(line));
    const [first] = group.processes;
    killProcess(first?.record.pid);
    const again = await eventually(() => group.processes.find(each => each !== first), {
      describe: 'it is started again',
    });
    assert.deepEqual(lines, ['a ended (SIGKILL) and is started again']);
    assert.ok(isRunning(again.record));
    await group.stop();
    assert.ok(!isRunning(again.record));
    assert.equal(group.processes.length, 0);
  });
});
