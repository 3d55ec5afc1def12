import assert from 'node:assert/strict';
import fc from 'fast-check';
import { encodeFrame, encodeFrameHeader, type FrameHeader, frameType } from './frame.ts';
import { FrameDecoder } from './frame-decoder.ts';
import { MESSAGE_BYTES, TURN_BYTES } from './limits.ts';
import { type DataSource, Outbox } from './outbox.ts';

/** A source that holds bytes of one value and hands them out in frames. */
class Bytes implements DataSource {
  readonly stream: number;
  left: number;

  constructor(stream: number, left: number) {
    this.stream = stream;
    this.left = left;
  }

  takeFrame(maxBytes: number): readonly Buffer[] | undefined {
    if (this.left === 0) return undefined;
    const length = Math.min(this.left, maxBytes);
    this.left -= length;
    const header = { length, type: frameType.data, flags: 0, stream: this.stream };
    return [encodeFrameHeader(header), Buffer.alloc(length, this.stream)];
  }
}

/** Flushes until nothing is left; every message is taken by the kernel at once. */
function drain(outbox: Outbox, sent: Buffer[], taken: (() => void)[]): Buffer {
  outbox.flush();
  while (taken.length > 0) {
    for (const callback of taken.splice(0)) callback();
    outbox.flush();
  }
  return Buffer.concat(sent);
}

function decode(wire: Buffer): { header: FrameHeader; payload: Buffer }[] {
  const frames: { header: FrameHeader; payload: Buffer }[] = [];
  const decoder = new FrameDecoder(
    {
      data: (header, payload) => frames.push({ header, payload }),
      frame: (header, payload) => frames.push({ header, payload }),
      oversize: () => assert.fail('no frame is too large'),
    },
    64 * 1024,
  );
  decoder.push(wire);
  return frames;
}

describe('Outbox', () => {
  it('sends every control frame once and in order, and every byte of every stream once', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('control'), bytes: fc.integer({ min: 0, max: 3_000 }) }),
      fc.record({ kind: fc.constant('stream'), bytes: fc.integer({ min: 0, max: 200_000 }) }),
      fc.record({ kind: fc.constant('flush'), bytes: fc.constant(0) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), steps => {
        const sent: Buffer[] = [];
        const taken: (() => void)[] = [];
        const outbox = new Outbox((message, done) => {
          sent.push(message);
          taken.push(done);
        }, 100_000);
        const controls: number[] = [];
        const streams = new Map<number, number>();
        for (const [index, { kind, bytes }] of steps.entries()) {
          if (kind === 'control') {
            controls.push(index);
            outbox.pushControl(encodeFrame(frameType.credit, index, Buffer.alloc(bytes)));
          } else if (kind === 'stream') {
            streams.set(index, bytes);
            outbox.pushReady(new Bytes(index, bytes));
          } else {
            outbox.flush();
          }
        }
        const frames = decode(drain(outbox, sent, taken));
        assert.deepEqual(
          frames.filter(({ header }) => header.type === frameType.credit).map(f => f.header.stream),
          controls,
        );
        for (const [stream, bytes] of streams) {
          const pieces = frames.filter(
            ({ header }) => header.type === frameType.data && header.stream === stream,
          );
          assert.equal(
            pieces.reduce((sum, { payload }) => sum + payload.length, 0),
            bytes,
          );
          assert.ok(pieces.every(({ payload }) => payload.every(byte => byte === (stream & 0xff))));
        }
      }),
    );
  });

  it('lets control frames overtake data and gives each stream one turn of at most 32 KiB', () => {
    const sent: Buffer[] = [];
    const taken: (() => void)[] = [];
    const outbox = new Outbox((message, done) => {
      sent.push(message);
      taken.push(done);
    }, 1_000_000);
    outbox.pushReady(new Bytes(1, 100_000));
    outbox.pushReady(new Bytes(3, 40_000));
    outbox.pushReady(new Bytes(5, 10));
    outbox.pushControl(encodeFrame(frameType.ping, 0, Buffer.alloc(8)));
    const order = decode(drain(outbox, sent, taken)).map(({ header }) => [
      header.stream,
      header.length,
    ]);
    assert.deepEqual(order, [
      [0, 8],
      [1, TURN_BYTES],
      [3, TURN_BYTES],
      [5, 10],
      [1, TURN_BYTES],
      [3, 40_000 - TURN_BYTES],
      [1, TURN_BYTES],
      [1, 100_000 - 3 * TURN_BYTES],
    ]);
  });

  it('takes nothing from the streams while the socket holds more than its share', () => {
    const sent: Buffer[] = [];
    const taken: (() => void)[] = [];
    const outbox = new Outbox((message, done) => {
      sent.push(message);
      taken.push(done);
    }, MESSAGE_BYTES);
    const source = new Bytes(1, 10 * MESSAGE_BYTES);
    outbox.pushReady(source);
    outbox.flush();
    outbox.flush();
    assert.equal(sent.length, 1);
    const before = source.left;
    taken.shift()?.();
    outbox.flush();
    assert.equal(sent.length, 2);
    assert.ok(source.left < before);
  });

  it('puts all frames of one turn of the event loop into one message', async () => {
    const sent: Buffer[] = [];
    const outbox = new Outbox(message => sent.push(message), 1_000_000);
    outbox.pushControl(encodeFrame(frameType.response, 1, '{}'));
    await Promise.resolve();
    outbox.pushReady(new Bytes(1, 10));
    process.nextTick(() => outbox.pushControl(encodeFrame(frameType.response, 3, '{}')));
    await new Promise(resolve => setImmediate(resolve));
    assert.equal(sent.length, 1);
    assert.equal(decode(sent[0] ?? Buffer.alloc(0)).length, 3);
  });
});
