import type { FileHandle } from 'node:fs/promises';

const blockBytes = 16 * 1024;
const newline = 0x0a;

/** Where the last `count` lines of a file begin; an unfinished last line counts as one. */
export async function lastLines(file: FileHandle, count: number): Promise<number> {
  const { size } = await file.stat();
  if (count <= 0) return size;
  let seen = 0;
  for (let end = size; end > 0; end -= blockBytes) {
    const start = Math.max(0, end - blockBytes);
    const { buffer } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
    for (let index = buffer.length - 1; index >= 0; index--) {
      // The newline that ends the file ends its last line and begins none.
      if (buffer[index] !== newline || start + index === size - 1) continue;
      seen++;
      if (seen === count) return start + index + 1;
    }
  }
  return 0;
}
