import assert from 'node:assert/strict';
import fc from 'fast-check';
import { END, encodeFrame, encodeFrameHeader, type FrameHeader, frameType } from './frame.ts';
import { FrameDecoder } from './frame-decoder.ts';

const MAX_PAYLOAD = 300;

interface Seen {
  readonly kind: 'data' | 'frame' | 'oversize';
  readonly type: number;
  readonly stream: number;
  readonly flags: number;
  readonly payload: string;
}

/** Decodes pieces and joins the data pieces of one frame, so that results do not depend on where the pieces ended. */
function decode(pieces: readonly Buffer[]): Seen[] {
  const seen: Seen[] = [];
  let data: Buffer[] = [];
  const see = (kind: Seen['kind'], { type, stream, flags }: FrameHeader, payload: Buffer) =>
    seen.push({ kind, type, stream, flags, payload: payload.toString('hex') });
  const decoder = new FrameDecoder(
    {
      data(header, piece, last) {
        data.push(Buffer.from(piece));
        if (!last) return;
        see('data', header, Buffer.concat(data));
        data = [];
      },
      frame: (header, payload) => see('frame', header, payload),
      oversize: header => see('oversize', header, Buffer.alloc(0)),
    },
    MAX_PAYLOAD,
  );
  for (const piece of pieces) decoder.push(piece);
  return seen;
}

const frames = fc.array(
  fc.record({
    type: fc.integer({ min: 0, max: 20 }),
    flags: fc.integer({ min: 0, max: 255 }),
    stream: fc.integer({ min: 0, max: 0xff_ff_ff_ff }),
    payload: fc.uint8Array({ maxLength: 2 * MAX_PAYLOAD }).map(bytes => Buffer.from(bytes)),
  }),
  { maxLength: 20 },
);

describe('FrameDecoder', () => {
  it('finds the same frames wherever the bytes are split', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 700 })), (wanted, cuts) => {
        const wire = Buffer.concat(
          wanted.flatMap(({ payload, ...header }) => [
            encodeFrameHeader({ ...header, length: payload.length }),
            payload,
          ]),
        );
        const model = wanted.map(({ type, stream, flags, payload }): Seen => {
          const common = { type, stream, flags, payload: payload.toString('hex') };
          if (type === frameType.data) return { kind: 'data', ...common };
          if (payload.length > MAX_PAYLOAD) return { kind: 'oversize', ...common, payload: '' };
          return { kind: 'frame', ...common };
        });
        assert.deepEqual(decode(split(wire, cuts)), model);
      }),
    );
  });

  it('passes pieces of a data frame on before the frame is complete', () => {
    const frame = encodeFrame(frameType.data, 7, 'hello', END);
    const pieces: [string, boolean][] = [];
    const decoder = new FrameDecoder(
      {
        data: (_header, piece, last) => pieces.push([piece.toString(), last]),
        frame: () => assert.fail('no other frame was sent'),
        oversize: () => assert.fail('nothing is too large'),
      },
      MAX_PAYLOAD,
    );
    decoder.push(frame.subarray(0, 11));
    assert.deepEqual(pieces, [['he', false]]);
    decoder.push(frame.subarray(11));
    assert.deepEqual(pieces, [
      ['he', false],
      ['llo', true],
    ]);
  });

  it('refuses to encode a payload whose length has no encoding', () => {
    assert.throws(
      () => encodeFrameHeader({ length: 0x1_00_00_00, type: 4, flags: 0, stream: 1 }),
      RangeError,
    );
  });
});

function split(wire: Buffer, cuts: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let offset = 0;
  for (const cut of cuts) {
    pieces.push(wire.subarray(offset, offset + cut));
    offset += cut;
  }
  return [...pieces, wire.subarray(offset)];
}
