import type { Readable } from 'node:stream';
import { StatusError } from './status-error.ts';

/** Reads a small request body as text; refuses one that is larger than `limit` bytes or takes longer than ten seconds. */
export async function readBody(incoming: Readable, limit = 16_384): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  const deadline = AbortSignal.timeout(10_000);
  const tooSlow = () => incoming.destroy(new StatusError(400, 'The body took more than 10 s.'));
  deadline.addEventListener('abort', tooSlow, { once: true });
  try {
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) throw new StatusError(413, `The body is larger than ${limit} bytes.`);
      chunks.push(chunk);
    }
  } finally {
    deadline.removeEventListener('abort', tooSlow);
  }
  return Buffer.concat(chunks).toString('utf8');
}
