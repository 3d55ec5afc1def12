import { Duplex } from 'node:stream';
import { END, encodeFrame, encodeFrameHeader, frameType } from './frame.ts';
import type { HeaderList, Reset } from './heads.ts';
import type { DataSource } from './outbox.ts';
import { StreamResetError } from './tunnel-error.ts';

/** What a stream needs from its tunnel. */
export interface StreamHost {
  pushControl(frame: Buffer): void;
  pushReady(source: DataSource): void;
  /** Both directions have ended on the wire: the id is never spoken of again. */
  forget(stream: TunnelStream): void;
}

export interface StreamOptions {
  readonly id: number;
  /** Credit the peer gave. */
  readonly sendBytes: number;
  /** Credit we gave. */
  readonly receiveBytes: number;
}

type WriteCallback = (error?: Error | null) => void;

/** A stream holds this much written data before it pushes back. */
const WRITE_AHEAD_BYTES = 64 * 1024;

/**
 * One request or raw byte stream inside a tunnel, as an ordinary Duplex: what is written goes out as DATA within the
 * peer's credit, what is read came in within ours. Credit goes back only when the reader has taken the bytes.
 * Destroying it before both sides ended resets it at the peer; a reset from the peer destroys it with StreamResetError.
 */
export class TunnelStream extends Duplex implements DataSource {
  readonly id: number;
  /** What followed the body; complete once 'end' was emitted. */
  trailers: HeaderList = [];
  readonly #host: StreamHost;
  readonly #windowBytes: number;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #inRound = false;
  #sendCredit: number;
  #sendTrailers: HeaderList | undefined;
  #onTaken: WriteCallback | undefined;
  #onFinal: WriteCallback | undefined;
  #localEnded = false;
  #receiveCredit: number;
  #received = 0;
  #credited = 0;
  #remoteEnded = false;
  /** No RESET when destroyed: the peer asked for the end, or has what it needs. */
  #quiet = false;

  constructor(host: StreamHost, { id, sendBytes, receiveBytes }: StreamOptions) {
    super({ readableHighWaterMark: 64 * 1024, writableHighWaterMark: 64 * 1024 });
    this.id = id;
    this.#host = host;
    this.#sendCredit = sendBytes;
    this.#receiveCredit = receiveBytes;
    this.#windowBytes = receiveBytes;
    // A reset may come before, or long after, anybody listens; it must never end the process.
    this.on('error', () => {});
  }

  /** Everything the peer had to say is here, trailers too, though it may not have been read yet. */
  get isComplete(): boolean {
    return this.#remoteEnded;
  }

  /** Marks our direction as ended by a flag in the head just sent. */
  endWithHead(): void {
    this.#endLocal();
    this.end();
  }

  /** Ends our direction with trailers after the last byte. */
  endWithTrailers(trailers: HeaderList): void {
    this.#sendTrailers = trailers;
    this.end();
  }

  /** For who has answered in full: the rest of the peer's data is not wanted. */
  stopReading(): void {
    if (this.#remoteEnded || this.destroyed) return;
    if (!this.#localEnded) {
      this.once('finish', () => this.stopReading());
      return;
    }
    this.#host.pushControl(encodeReset(this.id, { code: 'done', message: '' }));
    this.#quiet = true;
    this.destroy();
  }

  takeFrame(maxBytes: number): readonly Buffer[] | undefined {
    const frame = this.#takeData(maxBytes) ?? this.#takeEnd();
    if (frame === undefined) this.#inRound = false;
    return frame;
  }

  receiveData(piece: Buffer, end: boolean): void {
    if (this.#remoteEnded) throw new StreamResetError('malformed', 'data after the end');
    this.#receiveCredit -= piece.length;
    if (this.#receiveCredit < 0) throw new StreamResetError('flow-control', 'more than the credit');
    if (piece.length > 0) {
      this.#received += piece.length;
      this.push(piece);
      this.#giveCredit();
    }
    if (end) this.receiveEnd([]);
  }

  receiveEnd(trailers: HeaderList): void {
    if (this.#remoteEnded) throw new StreamResetError('malformed', 'a second end');
    this.trailers = trailers;
    this.#remoteEnded = true;
    this.push(null);
    this.#forgetWhenDone();
  }

  receiveCredit(bytes: number): void {
    this.#sendCredit += bytes;
    if (this.#queue.length > 0) this.#enterRound();
  }

  receiveReset({ code, message }: Reset): void {
    if (code === 'done' && this.#remoteEnded) {
      this.#discardWrites();
      return;
    }
    this.#quiet = true;
    this.destroy(new StreamResetError(code, message));
  }

  override _read(): void {
    this.#giveCredit();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: WriteCallback): void {
    if (this.#localEnded) {
      callback();
      return;
    }
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.length;
    this.#enterRound();
    if (this.#queuedBytes < WRITE_AHEAD_BYTES) callback();
    else this.#onTaken = callback;
  }

  override _final(callback: WriteCallback): void {
    if (this.#localEnded) {
      callback();
      return;
    }
    this.#onFinal = callback;
    this.#enterRound();
  }

  override _destroy(error: Error | null, callback: WriteCallback): void {
    const finished = this.#localEnded && this.#remoteEnded;
    if (!finished && !this.#quiet) {
      const reset: Reset =
        error instanceof StreamResetError
          ? { code: error.code, message: error.message }
          : { code: 'cancelled', message: '' };
      this.#host.pushControl(encodeReset(this.id, reset));
    }
    this.#queue = [];
    this.#host.forget(this);
    callback(error);
  }

  #takeData(maxBytes: number): readonly Buffer[] | undefined {
    const chunk = this.#queue[0];
    if (chunk === undefined || this.#sendCredit <= 0) return undefined;
    const length = Math.min(chunk.length, maxBytes, this.#sendCredit);
    if (length === chunk.length) this.#queue.shift();
    else this.#queue[0] = chunk.subarray(length);
    this.#queuedBytes -= length;
    this.#sendCredit -= length;
    const last =
      this.#queuedBytes === 0 && this.#onFinal !== undefined && this.#sendTrailers === undefined;
    const header = { length, type: frameType.data, flags: last ? END : 0, stream: this.id };
    if (last) this.#endLocal();
    else if (this.#queuedBytes < WRITE_AHEAD_BYTES) this.#callTaken();
    return [encodeFrameHeader(header), length === chunk.length ? chunk : chunk.subarray(0, length)];
  }

  #takeEnd(): readonly Buffer[] | undefined {
    if (this.#onFinal === undefined || this.#queue.length > 0 || this.#localEnded) return undefined;
    const frame =
      this.#sendTrailers === undefined
        ? encodeFrame(frameType.data, this.id, '', END)
        : encodeFrame(
            frameType.trailers,
            this.id,
            JSON.stringify({ headers: this.#sendTrailers }),
            END,
          );
    this.#endLocal();
    return [frame];
  }

  #enterRound(): void {
    if (this.#inRound || this.destroyed) return;
    this.#inRound = true;
    this.#host.pushReady(this);
  }

  #giveCredit(): void {
    const taken = this.#received - this.readableLength;
    const due = taken - this.#credited;
    if (due < this.#windowBytes / 4 || this.#remoteEnded || this.destroyed) return;
    this.#credited = taken;
    this.#receiveCredit += due;
    const payload = Buffer.allocUnsafe(4);
    payload.writeUInt32BE(due);
    this.#host.pushControl(encodeFrame(frameType.credit, this.id, payload));
  }

  #callTaken(): void {
    const taken = this.#onTaken;
    this.#onTaken = undefined;
    taken?.();
  }

  #endLocal(): void {
    this.#localEnded = true;
    this.#onFinal?.();
    this.#onFinal = undefined;
    this.#forgetWhenDone();
  }

  /** The peer has answered in full and wants no more of what we send. */
  #discardWrites(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#callTaken();
    this.#endLocal();
  }

  #forgetWhenDone(): void {
    if (this.#localEnded && this.#remoteEnded) this.#host.forget(this);
  }
}

export function encodeReset(id: number, reset: Reset): Buffer {
  return encodeFrame(frameType.reset, id, JSON.stringify(reset));
}
