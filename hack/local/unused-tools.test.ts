import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { markToolsUsed, removeUnusedTools } from './unused-tools.ts';

describe('removeUnusedTools', () => {
  const [current, old, recent, used, running] = [
    '0000000000000000',
    '1111111111111111',
    '2222222222222222',
    '3333333333333333',
    '4444444444444444',
  ] as const;
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'unused-tools-'));
  });
  afterEach(() => rm(root, { recursive: true }));

  async function directory(name: string, daysAgo: number): Promise<void> {
    const path = join(root, name);
    await mkdir(path, { recursive: true });
    const time = new Date(Date.now() - daysAgo * 86_400_000);
    await utimes(path, time, time);
  }

  it('removes tools of other versions that nobody asked for in 30 days, and nothing else', async () => {
    const lines: string[] = [];
    await directory(current, 400);
    await directory(old, 31);
    await directory(recent, 29);
    await directory(used, 400);
    await markToolsUsed(join(root, used));
    await directory('of-somebody-else', 400);
    await removeUnusedTools(root, join(root, current), line => lines.push(line));
    const kept = [current, recent, used, 'of-somebody-else'].sort();
    assert.deepEqual((await readdir(root)).sort(), kept);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /1{16}: tools of other versions, unused for 31 days$/);
  });

  it('keeps tools of which one runs', async () => {
    await directory(running, 0);
    const program = join(root, running, 'etcd');
    await copyFile('/bin/sleep', program);
    await directory(running, 400);
    const process = execa(program, ['60'], { reject: false });
    try {
      await removeUnusedTools(root, join(root, current), () => {});
      assert.deepEqual(await readdir(root), [running]);
    } finally {
      process.kill();
      await process;
    }
    await removeUnusedTools(root, join(root, current), () => {});
    assert.deepEqual(await readdir(root), []);
  });
});
