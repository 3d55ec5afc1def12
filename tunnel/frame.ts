/**
 * The wire unit of a tunnel: length (3 bytes), type, flags, stream (4 bytes), all big-endian, then the payload.
 * A tunnel is a byte stream of frames; websocket message borders mean nothing.
 */
export const frameType = {
  hello: 0,
  request: 1,
  response: 2,
  info: 3,
  data: 4,
  trailers: 5,
  credit: 6,
  reset: 7,
  ping: 8,
  pong: 9,
  goAway: 10,
} as const;

export type FrameType = (typeof frameType)[keyof typeof frameType];

/** Flag of request, response and data: the sender's direction of this stream ends here. */
export const END = 1;

export const FRAME_HEADER_BYTES = 9;

/** The length field has 24 bits. */
export const MAX_FRAME_PAYLOAD = 0xff_ff_ff;

export interface FrameHeader {
  /** Payload bytes that follow. */
  readonly length: number;
  /** A number we may not know: unknown types are skipped. */
  readonly type: number;
  readonly flags: number;
  /** 0 is the tunnel itself. */
  readonly stream: number;
}

export function encodeFrameHeader(header: FrameHeader): Buffer {
  return writeHeader(Buffer.allocUnsafe(FRAME_HEADER_BYTES), header);
}

/** A whole frame in one buffer, for small payloads. */
export function encodeFrame(
  type: FrameType,
  stream: number,
  payload: string | Buffer,
  flags = 0,
): Buffer {
  const length = Buffer.byteLength(payload);
  const frame = writeHeader(Buffer.allocUnsafe(FRAME_HEADER_BYTES + length), {
    length,
    type,
    flags,
    stream,
  });
  if (typeof payload === 'string') frame.write(payload, FRAME_HEADER_BYTES);
  else payload.copy(frame, FRAME_HEADER_BYTES);
  return frame;
}

/** Reads a header of which all bytes are present. */
export function readFrameHeader(buffer: Buffer, offset: number): FrameHeader {
  return {
    length: buffer.readUIntBE(offset, 3),
    type: buffer.readUInt8(offset + 3),
    flags: buffer.readUInt8(offset + 4),
    stream: buffer.readUInt32BE(offset + 5),
  };
}

function writeHeader(buffer: Buffer, { length, type, flags, stream }: FrameHeader): Buffer {
  if (length > MAX_FRAME_PAYLOAD)
    throw new RangeError(`a frame of ${length} bytes has no encoding`);
  buffer.writeUIntBE(length, 0, 3);
  buffer.writeUInt8(type, 3);
  buffer.writeUInt8(flags, 4);
  buffer.writeUInt32BE(stream, 5);
  return buffer;
}
