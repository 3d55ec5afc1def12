import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../test/eventually.ts';
import { endRecordedProcesses, type ProcessSpec, startProcess } from './local-process.ts';
import { isRunning, recordOf } from './process-record.ts';

describe('a local process', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'local-process-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const shell = (script: string, what = 'test/shell'): ProcessSpec => ({
    what,
    file: 'sh',
    args: ['-c', script],
    env: { GREETING: 'good day' },
    logFile: join(directory, 'logs/shell.log'),
    recordDirectory: join(directory, 'processes'),
  });
  const forever = 'while :; do sleep 0.05; done';
  const recordFile = () => join(directory, 'processes/test/shell.json');

  it('writes its output to its log, and is recorded while it runs', async () => {
    const child = await startProcess(shell('echo $GREETING; while :; do sleep 0.05; done'));
    await eventually(async () => (await child.lastWords()) === 'good day', { describe: 'it runs' });
    assert.deepEqual(JSON.parse(await readFile(recordFile(), 'utf8')), child.record);
    await child.stop();
    assert.ok(!existsSync(recordFile()));
  });

  it('does not inherit our environment', async () => {
    process.env.CLUSTERNET_TEST_SECRET = 'abc';
    const child = await startProcess(shell('echo "[$CLUSTERNET_TEST_SECRET]"'));
    delete process.env.CLUSTERNET_TEST_SECRET;
    await child.exited;
    assert.equal(await child.lastWords(), '[]');
  });

  it('says how it ended', async () => {
    assert.equal(await (await startProcess(shell('exit 3'))).exited, 'exit code 3');
    assert.equal(await (await startProcess(shell('kill -KILL $$'))).exited, 'SIGKILL');
  });

  it('is asked to end, and made to when it does not', async () => {
    const polite = await startProcess(
      shell("trap 'echo bye; exit 0' TERM; echo on; while :; do sleep 0.05; done"),
    );
    await eventually(async () => (await polite.lastWords()) === 'on', {
      describe: 'it runs',
    });
    await polite.stop();
    assert.equal(polite.exit, 'exit code 0');

    const deaf = await startProcess(shell("trap '' TERM; echo deaf; while :; do sleep 0.05; done"));
    await eventually(async () => (await deaf.lastWords()).endsWith('deaf'), {
      describe: 'it runs',
    });
    await deaf.stop(100);
    assert.equal(deaf.exit, 'SIGKILL');
  });

  it('is found by its record when nobody remembers it', async () => {
    const forgotten = await startProcess(shell(forever));
    const ended = await endRecordedProcesses(join(directory, 'processes'));
    assert.deepEqual(ended, [forgotten.record]);
    assert.ok(!isRunning(forgotten.record));
    assert.ok(!existsSync(join(directory, 'processes')));
  });

  it('dies with the process that started it, however that ends', async () => {
    const script = `
      import { startProcess } from ${JSON.stringify(import.meta.resolve('./local-process.ts'))};
      const child = await startProcess(${JSON.stringify(shell(`echo on; ${forever}`))});
      while ((await child.lastWords()) !== 'on') await new Promise(setImmediate);
      console.log(child.record.pid);
      setInterval(() => {}, 1000);`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', script]);
    const [pid] = await once(owner.stdout, 'data');
    const record = recordOf(Number(pid), 'test/shell');
    assert.ok(record);
    owner.kill('SIGKILL');
    await eventually(() => !isRunning(record), { describe: 'it is gone' });
  });
});
