import assert from 'node:assert/strict';
import fc from 'fast-check';
import { endToEndHeaders } from './end-to-end-headers.ts';

describe('endToEndHeaders', () => {
  it('drops what concerns one connection, in any case, and what Connection names', () => {
    const headers = [
      ...['Connection', 'close, X-Mine', 'x-mine', '1', 'Keep-Alive', 'timeout=5'],
      ...['TE', 'trailers', 'Trailer', 'x', 'Transfer-Encoding', 'chunked', 'Upgrade', 'h2c'],
      ...['Proxy-Authorization', 'x', 'HTTP2-Settings', 'x', ':authority', 'a'],
      ...['X-Kept', '2', 'Content-Length', '3', 'x-dropped', '4'],
    ];
    assert.deepEqual(
      endToEndHeaders(headers, name => name === 'x-dropped'),
      ['X-Kept', '2', 'Content-Length', '3'],
    );
  });

  it('keeps order and duplicates of everything else', () => {
    const pair = fc.tuple(fc.constantFrom('Accept', 'accept', 'X-A', 'Warning'), fc.string());
    fc.assert(
      fc.property(fc.array(pair), pairs => {
        assert.deepEqual(endToEndHeaders(pairs.flat()), pairs.flat());
      }),
    );
  });
});
