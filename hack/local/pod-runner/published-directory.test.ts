import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publishFiles } from './published-directory.ts';
import type { VolumeFiles } from './volume-files.ts';

function filesOf(contents: Record<string, string>, mode = 0o644): VolumeFiles {
  return new Map(
    Object.entries(contents).map(([path, text]) => [path, { content: Buffer.from(text), mode }]),
  );
}

describe('publishFiles', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'published-directory-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const visible = async () =>
    (await readdir(directory)).filter(name => !name.startsWith('..')).sort();

  it('shows files at their paths, with their modes', async () => {
    await publishFiles(directory, filesOf({ token: 'secret', 'deep/er/file': 'x' }, 0o400));
    assert.equal(await readFile(join(directory, 'token'), 'utf8'), 'secret');
    assert.equal(await readFile(join(directory, 'deep/er/file'), 'utf8'), 'x');
    assert.equal((await stat(join(directory, 'token'))).mode & 0o777, 0o400);
  });

  it('replaces a version by the next and keeps nothing of the old one', async () => {
    await publishFiles(directory, filesOf({ a: '1', b: '1' }));
    await publishFiles(directory, filesOf({ b: '2', c: '2' }));
    assert.deepEqual(await visible(), ['b', 'c']);
    assert.equal(await readFile(join(directory, 'b'), 'utf8'), '2');
    assert.equal((await readdir(directory)).filter(name => name.startsWith('..')).length, 2);
  });

  it('never shows a reader a missing or half-written file', async () => {
    const long = (digit: number) => String(digit).repeat(100_000);
    await publishFiles(directory, filesOf({ file: long(0) }));
    let reading = true;
    const seen = new Set<string>();
    const reader = (async () => {
      while (reading) seen.add(await readFile(join(directory, 'file'), 'utf8'));
    })();
    for (let turn = 1; turn <= 9 || seen.size < 2; turn++)
      await publishFiles(directory, filesOf({ file: long(turn % 10) }));
    reading = false;
    await reader;
    for (const text of seen) assert.equal(text, long(Number(text[0])));
  });
});
