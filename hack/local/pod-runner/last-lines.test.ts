import assert from 'node:assert/strict';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { lastLines } from './last-lines.ts';

describe('lastLines', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'last-lines-'));
  });
  after(() => rm(directory, { recursive: true }));

  async function tail(text: string, count: number): Promise<string> {
    const path = join(directory, 'log');
    await writeFile(path, text);
    await using file = await open(path);
    return text.slice(await lastLines(file, count));
  }

  it('begins after the newline before them', async () => {
    assert.equal(await tail('a\nb\nc\n', 2), 'b\nc\n');
    assert.equal(await tail('a\nb\nc', 2), 'b\nc');
    assert.equal(await tail('a\n\n', 1), '\n');
  });

  it('is the whole file when there are not more, and its end when none is wanted', async () => {
    assert.equal(await tail('a\nb\n', 5), 'a\nb\n');
    assert.equal(await tail('a\nb\n', 0), '');
    assert.equal(await tail('', 3), '');
  });

  it('finds them across blocks, whatever the lines are', async () => {
    const line = fc.string({ unit: 'grapheme-ascii', maxLength: 9000 });
    const lines = fc.array(
      line.map(text => text.replaceAll('\n', '')),
      { minLength: 1, maxLength: 9 },
    );
    await fc.assert(
      fc.asyncProperty(lines, fc.integer({ min: 1, max: 9 }), async (all, count) => {
        const text = all.map(each => `${each}\n`).join('');
        const expected = all
          .slice(-count)
          .map(each => `${each}\n`)
          .join('');
        assert.equal(await tail(text, count), expected);
      }),
      { numRuns: 30 },
    );
  });
});
