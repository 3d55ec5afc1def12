import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { runProcess } from './run-process.ts';
import type { Runtime } from './runtime.ts';

describe('runProcess', () => {
  let directory: string;
  let kubeconfig: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'clusternet-process-'));
    kubeconfig = join(directory, 'kubeconfig');
    const config = {
      clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
      users: [{ name: 'u', user: { token: 'none' } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    };
    await writeFile(kubeconfig, JSON.stringify(config));
  });

  after(() => rm(directory, { recursive: true }));

  function run(
    work: (runtime: Runtime, signal: AbortSignal) => Promise<void>,
    signal = new AbortController().signal,
    path = kubeconfig,
  ): Promise<number> {
    const component = {
      component: 'clusternet-test',
      readOptions: () => ({ kubeconfig: path, instance: 'test' }),
      run: (_options: unknown, runtime: Runtime, stop: AbortSignal) => work(runtime, stop),
    };
    return runProcess(component, [], signal);
  }

  it('ends with 0 when the work is done, and stops whatever still watches', async () => {
    let stopped = false;
    const code = await run(async (_runtime, signal) => {
      signal.addEventListener('abort', () => {
        stopped = true;
      });
    });
    assert.deepEqual([code, stopped], [0, true]);
  });

  it('ends with 1 when the work fails, but with 0 when it only failed because it was stopped', async () => {
    assert.equal(await run(() => Promise.reject(new Error('broken'))), 1);
    const stop = new AbortController();
    const code = run(async () => {
      stop.abort();
      throw new Error('stopped half-way');
    }, stop.signal);
    assert.equal(await code, 0);
  });

  it('ends with 1 when there is no usable kubeconfig, without doing anything', async () => {
    let worked = false;
    const code = await run(
      async () => {
        worked = true;
      },
      new AbortController().signal,
      join(directory, 'missing'),
    );
    assert.deepEqual([code, worked], [1, false]);
  });

  it('ends with the code of a wrong flag', async () => {
    const readOptions = () => {
      throw new CommanderError(2, 'test', 'wrong flag');
    };
    const component = { component: 'clusternet-test', readOptions, run: async () => {} };
    assert.equal(await runProcess(component, [], new AbortController().signal), 2);
  });
});
