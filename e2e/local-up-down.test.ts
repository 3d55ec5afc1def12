import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { type LocalDirectory, localDirectory } from '../hack/local/local-directory.ts';
import { recordedProcesses } from '../hack/local/local-process.ts';
import { isRunning, type ProcessRecord } from '../hack/local/process-record.ts';
import { readState } from '../hack/local/state-file.ts';
import { eventually } from '../test/eventually.ts';
import { killProcess } from '../test/kill-process.ts';

const local = join(import.meta.dirname, '../hack/local');

describe('npm run up, status and down', () => {
  let directory: LocalDirectory;
  before(async () => {
    directory = localDirectory(join(await mkdtemp(join(tmpdir(), 'up-down-')), 'bed'));
  });
  after(async () => {
    await run('down');
    await rm(join(directory.root, '..'), { recursive: true });
  });

  const run = (command: string, ...args: string[]) =>
    execa(process.execPath, [join(local, `${command}.ts`), ...args], {
      env: { CLUSTERNET_LOCAL_DIR: directory.root },
      reject: false,
      all: true,
    });

  /** Everything that runs for the test bed, and how to see that it is gone. */
  const running = async (): Promise<ProcessRecord[]> => {
    const supervisor = readState(directory.state)?.supervisor;
    const processes = await recordedProcesses(directory.processes);
    return supervisor ? [supervisor, ...processes] : processes;
  };

  it('brings a parent and a child up that outlive the command', async () => {
    const { exitCode, all } = await run('up', '--no-clusternet', '--clusters', '1');
    assert.equal(exitCode, 0, all);
    assert.match(all, /cluster parent is up/);
    const kubeconfig = directory.kubeconfig('parent');
    assert.ok(all.includes(`kubectl --kubeconfig ${kubeconfig} get`), 'it says how to go on');
    assert.ok(existsSync(kubeconfig));
    assert.ok((await running()).every(isRunning));
  });

  it('shows what is up', async () => {
    const { exitCode, stdout } = await run('status');
    assert.equal(exitCode, 0);
    assert.match(stdout, /^CLUSTER +READY +SERVER +PROCESSES$/m);
    assert.match(
      stdout,
      /^parent +yes +https:\/\/127\.\d+\.0\.1:6443 +etcd=\d+ kube-apiserver=\d+/m,
    );
  });

  it('leaves what is up as it is when it is run again, even twice at once', async () => {
    const before = await running();
    const again = () => run('up', '--no-clusternet', '--clusters', '1');
    const both = await Promise.all([again(), again()]);
    for (const { exitCode, all } of both) assert.equal(exitCode, 0, all);
    assert.deepEqual(await running(), before);
  });

  it('starts a process again that was killed', async () => {
    const etcd = (await running()).find(({ what }) => what === 'parent/etcd');
    killProcess(etcd?.pid);
    const again = () => run('status').then(({ stdout }) => /^parent +yes/m.test(stdout));
    await eventually(
      async () => {
        const now = (await running()).find(({ what }) => what === 'parent/etcd');
        return now !== undefined && now.pid !== etcd?.pid;
      },
      { describe: 'etcd runs again', withinMs: 20_000 },
    );
    await eventually(again, { describe: 'the parent is ready again', withinMs: 60_000 });
  });

  it('takes all its processes along when it is killed, and comes back over the same data', async () => {
    const before = await running();
    const ca = () => readFileSync(directory.kubeconfig('parent'), 'utf8');
    const caBefore = ca();
    killProcess(before[0]?.pid);
    await eventually(() => !before.some(isRunning), { describe: 'all processes are gone' });
    const { exitCode, all } = await run('up', '--no-clusternet');
    assert.equal(exitCode, 0, all);
    assert.equal(ca(), caBefore);
    assert.match(all, /cluster child1 is up again/);
    assert.match((await run('status')).stdout, /^child1 +yes/m);
  });

  it('can be interrupted and run again', async () => {
    await run('down');
    const first = run('up', '--no-clusternet');
    await eventually(() => readState(directory.state)?.phase === 'starting', {
      describe: 'the supervisor is starting',
      withinMs: 20_000,
    });
    first.kill('SIGINT');
    const { exitCode, all } = await first;
    assert.equal(exitCode, 130);
    assert.match(all, /interrupted: run it again to go on, or "npm run down" to undo it/);
    assert.equal((await run('up', '--no-clusternet')).exitCode, 0);
  });

  it('leaves no process and no file when it is taken down, even after a kill', async () => {
    const processes = await running();
    assert.ok(processes.length >= 5);
    killProcess(processes[0]?.pid);
    const { exitCode, all } = await run('down');
    assert.equal(exitCode, 0, all);
    assert.deepEqual(processes.filter(isRunning), []);
    assert.ok(!existsSync(directory.root));
    assert.match((await run('down')).all, /nothing is up/);
  });

  it('refuses to make its home where other files are, and never deletes them', async () => {
    const file = join(directory.root, 'mine');
    await mkdir(directory.root);
    await writeFile(file, 'dear to me');
    const { exitCode, all } = await run('up');
    assert.equal(exitCode, 1);
    assert.match(all, /bed holds files that are not ours: name an empty or a new directory/);
    await run('down');
    assert.equal(await readFile(file, 'utf8'), 'dear to me');
    await rm(directory.root, { recursive: true });
  });

  it('refuses a wrong number of clusters before it starts anything', async () => {
    const { exitCode, all } = await run('up', '--clusters', '-1');
    assert.equal(exitCode, 1);
    assert.match(all, /must be a whole number from 0 to 30/);
    assert.ok(!existsSync(directory.root));
  });
});
