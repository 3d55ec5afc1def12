import type { Duplex, Readable } from 'node:stream';
import type { WebSocket } from 'ws';
import { type CloseReason, Connection, type ConnectionOptions } from './connection.ts';
import { END, encodeFrame, type FrameHeader, frameType } from './frame.ts';
import { type Hello, parseResponseHead, type RequestHead, type ResponseHead } from './heads.ts';
import { StreamResetError } from './tunnel-error.ts';
import type { TunnelStream } from './tunnel-stream.ts';

export interface TunnelResponse extends ResponseHead {
  /** Ends with the answer; destroyed with StreamResetError when the answer was cut. `trailers` are set when it ends. */
  readonly body: TunnelStream;
  /** The raw byte stream after a 101; the same stream as `body`. */
  readonly upgraded?: Duplex;
}

export interface RequestOptions {
  /** The request's body; absent when there is none. Not used when upgrading. */
  readonly body?: Readable | undefined;
  /** Called for every 1xx answer but 101. */
  readonly onInfo?: (head: ResponseHead) => void;
}

interface Pending {
  readonly resolve: (response: TunnelResponse) => void;
  readonly onInfo: ((head: ResponseHead) => void) | undefined;
}

/** The hub's end of a tunnel: sends requests to the agent behind it. */
export class HubTunnel {
  readonly hello: Promise<Hello>;
  readonly closed: Promise<CloseReason>;
  readonly #connection: Connection;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #draining = false;

  constructor(socket: WebSocket, options: ConnectionOptions) {
    this.#connection = new Connection(socket, options, {
      head: (header, payload) => this.#receiveHead(header, payload),
      goAway: () => {
        this.#draining = true;
      },
    });
    this.hello = this.#connection.hello;
    this.closed = this.#connection.closed;
  }

  /** performance.now() of the last byte received. */
  get lastReceivedAt(): number {
    return this.#connection.lastReceivedAt;
  }

  /** Streams that are open now. */
  get streams(): number {
    return this.#connection.streamCount;
  }

  /** False after GOAWAY from either side and after the end. */
  get acceptsRequests(): boolean {
    return !this.#draining && !this.#connection.isClosed;
  }

  /**
   * Settles with the head of the answer. Rejects with StreamResetError (`refused`: never acted on; may be tried
   * elsewhere) or the signal's reason. An abort after the head destroys the body, which aborts the child's request.
   */
  request(
    head: RequestHead,
    { body, onInfo }: RequestOptions,
    signal: AbortSignal,
  ): Promise<TunnelResponse> {
    const { promise, resolve, reject } = Promise.withResolvers<TunnelResponse>();
    try {
      signal.throwIfAborted();
      const stream = this.#open(head, body === undefined && head.upgrade === undefined);
      const abort = () => stream.destroy(new StreamResetError('cancelled', 'the client went away'));
      signal.addEventListener('abort', abort, { once: true });
      this.#pending.set(stream.id, { resolve, onInfo });
      stream.once('close', () => {
        signal.removeEventListener('abort', abort);
        if (!this.#pending.delete(stream.id)) return;
        reject(signal.aborted ? signal.reason : (stream.errored ?? endedWithoutHead()));
      });
      if (body !== undefined) send(body, stream);
    } catch (error) {
      reject(error);
    }
    return promise;
  }

  /** Asks the agent to connect anew within `reconnectWithinMs`; open streams go on, new ones are refused. */
  goAway(reason: string, reconnectWithinMs = 5_000): void {
    this.#draining = true;
    this.#connection.sendGoAway({ reason, reconnectWithinMs });
  }

  close(reason: string): void {
    this.#connection.close(reason);
  }

  #open(head: RequestHead, bodyless: boolean): TunnelStream {
    if (!this.acceptsRequests) throw new StreamResetError('refused', 'the tunnel is going away');
    const { headBytes, streams } = this.#connection.peer;
    if (this.#connection.streamCount >= streams) {
      throw new StreamResetError('refused', `the tunnel already carries ${streams} streams`);
    }
    const payload = Buffer.from(JSON.stringify(head));
    if (payload.length > headBytes) {
      throw new StreamResetError(
        'head-too-large',
        `method, path and headers take ${payload.length} bytes; at most ${headBytes} are allowed`,
      );
    }
    const stream = this.#connection.addStream(this.#nextId);
    this.#nextId += 2;
    this.#connection.pushControl(
      encodeFrame(frameType.request, stream.id, payload, bodyless ? END : 0),
    );
    if (bodyless) stream.endWithHead();
    return stream;
  }

  #receiveHead(header: FrameHeader, payload: Buffer): void {
    const stream = this.#connection.stream(header.stream);
    const pending = this.#pending.get(header.stream);
    if (stream === undefined) return;
    if (pending === undefined || header.type === frameType.request) {
      throw new StreamResetError('malformed', 'a head that was not asked for');
    }
    const head = parseResponseHead(payload);
    if (header.type === frameType.info) {
      pending.onInfo?.(head);
      return;
    }
    this.#pending.delete(header.stream);
    if ((header.flags & END) !== 0) stream.receiveEnd([]);
    pending.resolve({
      ...head,
      body: stream,
      ...(head.status === 101 && { upgraded: stream }),
    });
  }
}

function send(body: Readable, stream: TunnelStream): void {
  body.once('error', error =>
    stream.destroy(new StreamResetError('cancelled', 'the request body was cut', { cause: error })),
  );
  body.pipe(stream);
}

function endedWithoutHead(): StreamResetError {
  return new StreamResetError('malformed', 'the agent ended the stream without an answer');
}
