import { FRAME_HEADER_BYTES, type FrameHeader, frameType, readFrameHeader } from './frame.ts';

/** Receives what a FrameDecoder found, in wire order. */
export interface FrameSink {
  /** A piece of a data frame as soon as it arrives; `header.flags` count only when `last` is true. */
  data(header: FrameHeader, piece: Buffer, last: boolean): void;
  /** Any other frame, whole. */
  frame(header: FrameHeader, payload: Buffer): void;
  /** A frame other than data larger than `maxPayload`: its payload is skipped. Called once, at its header. */
  oversize(header: FrameHeader): void;
}

const EMPTY = Buffer.alloc(0);

/**
 * Cuts a byte stream into frames, wherever the pieces it is given end.
 * Holds at most one header and one payload of `maxPayload` bytes; data is passed on without being held.
 */
export class FrameDecoder {
  readonly #sink: FrameSink;
  readonly #maxPayload: number;
  readonly #partialHeader = Buffer.alloc(FRAME_HEADER_BYTES);
  #partialHeaderBytes = 0;
  #header: FrameHeader | undefined;
  #missing = 0;
  #pieces: Buffer[] = [];

  constructor(sink: FrameSink, maxPayload: number) {
    this.#sink = sink;
    this.#maxPayload = maxPayload;
  }

  push(bytes: Buffer): void {
    let offset = 0;
    while (offset < bytes.length) {
      if (this.#header === undefined) {
        offset = this.#readHeader(bytes, offset);
      } else {
        const end = Math.min(offset + this.#missing, bytes.length);
        this.#readPayload(this.#header, bytes.subarray(offset, end));
        offset = end;
      }
    }
  }

  #readHeader(bytes: Buffer, offset: number): number {
    if (this.#partialHeaderBytes === 0 && bytes.length - offset >= FRAME_HEADER_BYTES) {
      this.#start(readFrameHeader(bytes, offset));
      return offset + FRAME_HEADER_BYTES;
    }
    const wanted = FRAME_HEADER_BYTES - this.#partialHeaderBytes;
    const copied = bytes.copy(
      this.#partialHeader,
      this.#partialHeaderBytes,
      offset,
      Math.min(offset + wanted, bytes.length),
    );
    this.#partialHeaderBytes += copied;
    if (this.#partialHeaderBytes === FRAME_HEADER_BYTES) {
      this.#partialHeaderBytes = 0;
      this.#start(readFrameHeader(this.#partialHeader, 0));
    }
    return offset + copied;
  }

  #start(header: FrameHeader): void {
    this.#header = header;
    this.#missing = header.length;
    if (this.#tooLarge(header)) this.#sink.oversize(header);
    if (header.length === 0) this.#readPayload(header, EMPTY);
  }

  #readPayload(header: FrameHeader, piece: Buffer): void {
    this.#missing -= piece.length;
    const last = this.#missing === 0;
    if (last) this.#header = undefined;
    if (header.type === frameType.data) {
      this.#sink.data(header, piece, last);
      return;
    }
    if (this.#tooLarge(header)) return;
    this.#pieces.push(piece);
    if (!last) return;
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#sink.frame(header, pieces.length === 1 ? piece : Buffer.concat(pieces));
  }

  #tooLarge(header: FrameHeader): boolean {
    return header.type !== frameType.data && header.length > this.#maxPayload;
  }
}
