import assert from 'node:assert/strict';
import fc from 'fast-check';
import { splitLines } from './line-splitter.ts';

describe('splitLines', () => {
  it('gives the same lines however the bytes are cut', async () => {
    const line = fc.string({ unit: 'grapheme' }).map(text => text.replaceAll('\n', ''));
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.array(fc.nat(40)), async (lines, cuts) => {
        const bytes = Buffer.from(`${lines.map(text => `${text}\n`).join('')}unfinished`);
        const chunks: Uint8Array[] = [];
        let at = 0;
        for (const cut of cuts) {
          chunks.push(bytes.subarray(at, at + cut));
          at += cut;
        }
        chunks.push(bytes.subarray(at));
        assert.deepEqual(await Array.fromAsync(splitLines(streamOf(chunks))), lines);
      }),
    );
  });
});

async function* streamOf(chunks: Uint8Array[]) {
  yield* chunks;
}
