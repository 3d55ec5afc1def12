import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { tryMachineLock, withMachineLock } from './machine-lock.ts';

const signal = AbortSignal.timeout(10_000);

describe('a machine lock', () => {
  let name: string;
  beforeEach(() => {
    name = `test-${randomUUID()}`;
  });

  it('lets one task at a time run under a name', async () => {
    let inside = 0;
    let most = 0;
    const task = async () => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise(resolve => setImmediate(resolve));
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 8 }, () => withMachineLock(name, task, {}, signal)));
    assert.equal(most, 1);
  });

  it('tells who waits which process holds it', async () => {
    const lock = await tryMachineLock(name);
    const holder = Promise.withResolvers<string>();
    const waiting = withMachineLock(name, async () => 'done', { onWait: holder.resolve }, signal);
    assert.equal(await holder.promise, String(process.pid));
    await lock?.[Symbol.asyncDispose]();
    assert.equal(await waiting, 'done');
  });

  it('is free again when its task fails', async () => {
    const fails = async () => {
      throw new Error('as it does');
    };
    await assert.rejects(withMachineLock(name, fails, {}, signal), /as it does/);
    assert.equal(await withMachineLock(name, async () => 'free', {}, signal), 'free');
  });

  it('is free again when its holder is killed', async () => {
    const script = `
      import { tryMachineLock } from ${JSON.stringify(import.meta.resolve('./machine-lock.ts'))};
      await tryMachineLock(${JSON.stringify(name)});
      console.log('held');`;
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script]);
    await once(holder.stdout, 'data');
    assert.equal(await tryMachineLock(name), undefined);
    const waiting = withMachineLock(name, async () => 'mine', {}, signal);
    holder.kill('SIGKILL');
    assert.equal(await waiting, 'mine');
  });

  it('stops waiting when it is told to', async () => {
    await using _lock = await tryMachineLock(name);
    const abort = new AbortController();
    const waiting = withMachineLock(
      name,
      async () => {},
      { onWait: () => abort.abort(new Error('enough')) },
      abort.signal,
    );
    await assert.rejects(waiting, /enough/);
  });
});
