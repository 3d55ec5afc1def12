import type { Readable } from 'node:stream';

/** The stream's text up to its end; throws a RangeError once there is more than `limit` bytes. Never destroys a stream it has read whole. */
export async function readText(stream: Readable, limit: number): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of stream.iterator({ destroyOnReturn: false })) {
    size += piece.length;
    if (size > limit) {
      throw new RangeError(`the body is larger than ${limit} bytes`);
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
