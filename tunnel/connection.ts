import type { WebSocket } from 'ws';
import { END, encodeFrame, type FrameHeader, frameType } from './frame.ts';
import { FrameDecoder, type FrameSink } from './frame-decoder.ts';
import {
  type GoAway,
  type Hello,
  PROTOCOL_VERSION,
  parseGoAway,
  parseHello,
  parseReset,
  parseTrailers,
} from './heads.ts';
import { defaultLimits, type TunnelLimits } from './limits.ts';
import { watchLiveness } from './liveness.ts';
import { Outbox } from './outbox.ts';
import { StreamResetError } from './tunnel-error.ts';
import { encodeReset, type StreamHost, TunnelStream } from './tunnel-stream.ts';

export interface ConnectionOptions {
  /** Program name and version for the peer's logs. */
  readonly build: string;
  readonly limits?: Partial<TunnelLimits>;
}

/** Why a tunnel ended: `local` and `peer` closed it on purpose, the others are failures. */
export interface CloseReason {
  readonly kind: 'local' | 'peer' | 'dead' | 'protocol' | 'broken';
  readonly message: string;
}

/** What differs between the two ends. Both methods may throw StreamResetError to reset the stream concerned. */
export interface ConnectionRole {
  /** A request, response or info frame. */
  head(header: FrameHeader, payload: Buffer): void;
  goAway(goAway: GoAway): void;
}

const CLOSE_CODE_NORMAL = 1000;
const CLOSE_CODE_PROTOCOL = 1002;
/** How long a peer may take to answer our close before the socket is torn down. */
const CLOSE_GRACE_MS = 2_000;

/** The part of a tunnel that is the same at both ends: frames, streams, HELLO, liveness and closing. */
export class Connection implements FrameSink, StreamHost {
  readonly limits: TunnelLimits;
  /** Settles with the peer's first frame; rejects when the tunnel closes before. */
  readonly hello: Promise<Hello>;
  readonly closed: Promise<CloseReason>;
  /** performance.now() of the last byte from the peer. */
  lastReceivedAt = performance.now();
  /** Of the last ping, once one was answered. */
  roundTripMs: number | undefined;
  readonly #socket: WebSocket;
  readonly #role: ConnectionRole;
  readonly #streams = new Map<number, TunnelStream>();
  readonly #outbox: Outbox;
  readonly #decoder: FrameDecoder;
  readonly #liveness: { stop(): void };
  readonly #hello = Promise.withResolvers<Hello>();
  readonly #closed = Promise.withResolvers<CloseReason>();
  #peer: Hello | undefined;
  #isClosed = false;
  #pingSentAt = 0;

  constructor(socket: WebSocket, options: ConnectionOptions, role: ConnectionRole) {
    this.limits = { ...defaultLimits, ...options.limits };
    this.#socket = socket;
    this.#role = role;
    this.hello = this.#hello.promise;
    this.hello.catch(() => {});
    this.closed = this.#closed.promise;
    this.#decoder = new FrameDecoder(this, this.limits.headBytes);
    this.#outbox = new Outbox(
      (message, taken) => socket.send(message, { binary: true }, taken),
      this.limits.unsentBytes,
    );
    socket.on('message', (message, isBinary) => this.#receive(message, isBinary));
    socket.on('error', error => this.#finish({ kind: 'broken', message: error.message }));
    socket.on('close', (code, reason) => this.#finish(closeReason(code, reason)));
    this.#liveness = watchLiveness({
      idleMs: this.limits.idleMs,
      deadMs: this.limits.deadMs,
      lastReceivedAt: () => this.lastReceivedAt,
      ask: () => this.#ask(),
      dead: silentMs => this.#dead(silentMs),
    });
    this.#sendHello(options.build);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get streamCount(): number {
    return this.#streams.size;
  }

  /** Ends the tunnel because the peer breaks the protocol. */
  fail(message: string): void {
    this.#end({ kind: 'protocol', message }, CLOSE_CODE_PROTOCOL);
  }

  /** What the peer accepts; throws before its HELLO. */
  get peer(): Hello {
    if (this.#peer === undefined) throw new StreamResetError('tunnel-closed', 'no HELLO yet');
    return this.#peer;
  }

  stream(id: number): TunnelStream | undefined {
    return this.#streams.get(id);
  }

  addStream(id: number): TunnelStream {
    const stream = new TunnelStream(this, {
      id,
      sendBytes: this.peer.windowBytes,
      receiveBytes: this.limits.windowBytes,
    });
    this.#streams.set(id, stream);
    return stream;
  }

  /** Resets an id for which there is no stream object. */
  refuse(id: number, error: StreamResetError): void {
    this.pushControl(encodeReset(id, { code: error.code, message: error.message }));
  }

  sendGoAway(goAway: GoAway): void {
    this.pushControl(encodeFrame(frameType.goAway, 0, JSON.stringify(goAway)));
  }

  close(message: string): void {
    this.#end({ kind: 'local', message }, CLOSE_CODE_NORMAL);
  }

  pushControl(frame: Buffer): void {
    this.#outbox.pushControl(frame);
    if (this.#outbox.queuedControlBytes > this.limits.queuedControlBytes) {
      this.fail('the peer does not read');
    }
  }

  pushReady(stream: TunnelStream): void {
    this.#outbox.pushReady(stream);
  }

  forget(stream: TunnelStream): void {
    this.#streams.delete(stream.id);
  }

  data(header: FrameHeader, piece: Buffer, last: boolean): void {
    const stream = this.#streams.get(header.stream);
    if (stream === undefined) {
      if (this.#peer === undefined) this.fail('the first frame is not HELLO');
      return;
    }
    this.#guard(header.stream, () => stream.receiveData(piece, last && (header.flags & END) !== 0));
  }

  frame(header: FrameHeader, payload: Buffer): void {
    if (this.#isClosed) return;
    if ((this.#peer === undefined) !== (header.type === frameType.hello)) {
      this.fail(this.#peer === undefined ? 'the first frame is not HELLO' : 'a second HELLO');
      return;
    }
    this.#guard(header.stream, () => this.#handle(header, payload));
  }

  oversize(header: FrameHeader): void {
    if (header.type > frameType.goAway) return;
    const message = `a frame of ${header.length} bytes; at most ${this.limits.headBytes} are allowed`;
    this.#guard(header.stream, () => {
      throw new StreamResetError('head-too-large', message);
    });
  }

  #handle(header: FrameHeader, payload: Buffer): void {
    const stream = this.#streams.get(header.stream);
    switch (header.type) {
      case frameType.hello:
        this.#receiveHello(parseHello(payload));
        break;
      case frameType.ping:
        this.pushControl(encodeFrame(frameType.pong, 0, payload.subarray(0, 8)));
        break;
      case frameType.pong:
        this.roundTripMs = performance.now() - this.#pingSentAt;
        break;
      case frameType.goAway:
        this.#role.goAway(parseGoAway(payload));
        break;
      case frameType.credit:
        stream?.receiveCredit(readCredit(payload));
        break;
      case frameType.reset:
        stream?.receiveReset(parseReset(payload));
        break;
      case frameType.trailers:
        stream?.receiveEnd(parseTrailers(payload));
        break;
      case frameType.request:
      case frameType.response:
      case frameType.info:
        this.#role.head(header, payload);
        break;
    }
  }

  /** What one stream's peer did wrong ends that stream; only what concerns stream 0 ends the tunnel. */
  #guard(id: number, action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof StreamResetError)) throw error;
      const stream = this.#streams.get(id);
      if (id === 0) this.fail(error.message);
      else if (stream !== undefined) stream.destroy(error);
      else this.refuse(id, error);
    }
  }

  #receive(message: unknown, isBinary: boolean): void {
    if (this.#isClosed) return;
    this.lastReceivedAt = performance.now();
    if (!isBinary || !Buffer.isBuffer(message)) {
      this.fail('a text message');
      return;
    }
    try {
      this.#decoder.push(message);
    } catch (error) {
      const message = `internal error: ${error instanceof Error ? error.message : String(error)}`;
      this.#end({ kind: 'broken', message }, CLOSE_CODE_PROTOCOL);
    }
  }

  #receiveHello(hello: Hello): void {
    if (hello.protocol !== PROTOCOL_VERSION) {
      this.fail(`protocol ${hello.protocol}; only ${PROTOCOL_VERSION} is spoken here`);
      return;
    }
    this.#peer = hello;
    this.#hello.resolve(hello);
  }

  #sendHello(build: string): void {
    const { windowBytes, headBytes, streams } = this.limits;
    const hello: Hello = { protocol: PROTOCOL_VERSION, build, windowBytes, headBytes, streams };
    this.pushControl(encodeFrame(frameType.hello, 0, JSON.stringify(hello)));
  }

  #ask(): void {
    this.#pingSentAt = performance.now();
    this.pushControl(encodeFrame(frameType.ping, 0, Buffer.alloc(8)));
  }

  #dead(silentMs: number): void {
    this.#finish({ kind: 'dead', message: `nothing received for ${Math.round(silentMs)} ms` });
    this.#socket.terminate();
  }

  /** Says goodbye and ends. */
  #end(reason: CloseReason, code: number): void {
    if (this.#isClosed) return;
    this.#outbox.flush();
    this.#socket.close(code, reason.message.slice(0, 100));
    setTimeout(() => this.#socket.terminate(), CLOSE_GRACE_MS).unref();
    this.#finish(reason);
  }

  #finish(reason: CloseReason): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#liveness.stop();
    this.#outbox.close();
    for (const stream of [...this.#streams.values()]) {
      stream.receiveReset({ code: 'tunnel-closed', message: reason.message });
    }
    this.#hello.reject(new StreamResetError('tunnel-closed', reason.message));
    this.#closed.resolve(reason);
  }
}

function closeReason(code: number, reason: Buffer): CloseReason {
  const kind =
    code === CLOSE_CODE_NORMAL ? 'peer' : code === CLOSE_CODE_PROTOCOL ? 'protocol' : 'broken';
  return { kind, message: reason.toString('utf8') || `the connection ended with code ${code}` };
}

function readCredit(payload: Buffer): number {
  if (payload.length !== 4) throw new StreamResetError('malformed', 'credit is not 4 bytes');
  return payload.readUInt32BE(0);
}
