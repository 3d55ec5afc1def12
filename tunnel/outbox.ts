import { MESSAGE_BYTES, TURN_BYTES } from './limits.ts';

/** A stream as the outbox sees it: asked for one frame a turn. */
export interface DataSource {
  /** The buffers of one frame with at most `maxBytes` of payload, undefined when nothing can go now. */
  takeFrame(maxBytes: number): readonly Buffer[] | undefined;
}

/** Where messages go. `taken` is called once the kernel (or the grave) has the bytes. */
export type SendMessage = (message: Buffer, taken: () => void) => void;

/**
 * Decides what goes out next: control frames first, then one frame from each ready stream in turn.
 * Everything queued within one turn of the event loop shares messages, and nothing is taken from
 * the streams while `unsentBytes` wait in the socket.
 */
export class Outbox {
  readonly #send: SendMessage;
  readonly #unsentBytes: number;
  #control: Buffer[] = [];
  #ready: DataSource[] = [];
  #unsent = 0;
  #scheduled = false;
  #closed = false;
  /** Control bytes that wait because the peer does not read. */
  queuedControlBytes = 0;

  constructor(send: SendMessage, unsentBytes: number) {
    this.#send = send;
    this.#unsentBytes = unsentBytes;
  }

  pushControl(frame: Buffer): void {
    if (this.#closed) return;
    this.#control.push(frame);
    this.queuedControlBytes += frame.length;
    this.#schedule();
  }

  /** Gives the source a place in the round; it must not have one already. */
  pushReady(source: DataSource): void {
    if (this.#closed) return;
    this.#ready.push(source);
    this.#schedule();
  }

  /** Sends what is waiting at once; for the last words before a close. */
  flush(): void {
    while (!this.#closed && this.#unsent < this.#unsentBytes) {
      const message = this.#nextMessage();
      if (message === undefined) return;
      const { length } = message;
      this.#unsent += length;
      this.#send(message, () => {
        this.#unsent -= length;
        if (this.#control.length > 0 || this.#ready.length > 0) this.#schedule();
      });
    }
  }

  close(): void {
    this.#closed = true;
    this.#control = [];
    this.#ready = [];
    this.queuedControlBytes = 0;
  }

  #schedule(): void {
    if (this.#scheduled || this.#unsent >= this.#unsentBytes) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  #nextMessage(): Buffer | undefined {
    const parts: Buffer[] = [];
    let bytes = 0;
    while (bytes < MESSAGE_BYTES) {
      const frame = this.#nextControl() ?? this.#nextData();
      if (frame === undefined) break;
      for (const part of frame) {
        parts.push(part);
        bytes += part.length;
      }
    }
    return bytes === 0 ? undefined : Buffer.concat(parts, bytes);
  }

  #nextControl(): readonly Buffer[] | undefined {
    const frame = this.#control.shift();
    if (frame === undefined) return undefined;
    this.queuedControlBytes -= frame.length;
    return [frame];
  }

  #nextData(): readonly Buffer[] | undefined {
    for (let source = this.#ready.shift(); source !== undefined; source = this.#ready.shift()) {
      const frame = source.takeFrame(TURN_BYTES);
      if (frame === undefined) continue;
      // Back to the end of the round; a source with nothing more says so at its next turn.
      this.#ready.push(source);
      return frame;
    }
    return undefined;
  }
}
