import type { WebSocket } from 'ws';
import { type CloseReason, Connection, type ConnectionOptions } from './connection.ts';
import { END, encodeFrame, type FrameHeader, frameType } from './frame.ts';
import {
  type GoAway,
  type Hello,
  parseRequestHead,
  type RequestHead,
  type ResponseHead,
} from './heads.ts';
import { StreamResetError } from './tunnel-error.ts';
import type { TunnelStream } from './tunnel-stream.ts';

/** A request that came through the tunnel, and the way to answer it. */
export interface TunnelRequest {
  readonly head: RequestHead;
  /** Reads the request's body; takes the answer's body after `respond`. Destroyed when the hub gives up. */
  readonly stream: TunnelStream;
  /** False when the request's head said that no body follows. */
  readonly hasBody: boolean;
  /** A 1xx answer before the real one. */
  inform(head: ResponseHead): void;
  /** Sends the head of the answer, once. With `end` there is no body. Throws StreamResetError when it is too large. */
  respond(head: ResponseHead, options?: { readonly end?: boolean }): void;
}

/** Answers one request; settles when the stream has been answered in full or destroyed. */
export type RequestHandler = (request: TunnelRequest) => Promise<void>;

export interface AgentTunnelOptions extends ConnectionOptions {
  readonly handler: RequestHandler;
  /** The hub wants this agent to connect anew. Open streams go on meanwhile. */
  readonly onGoAway?: (goAway: GoAway) => void;
  /** A handler failed with something that is not a StreamResetError: a bug here, not in the request. */
  readonly onHandlerError?: (error: unknown) => void;
}

/** The agent's end of a tunnel: hands the hub's requests to a handler. */
export class AgentTunnel {
  readonly hello: Promise<Hello>;
  readonly closed: Promise<CloseReason>;
  readonly #connection: Connection;
  readonly #options: AgentTunnelOptions;
  #lastId = 0;
  #draining = false;

  constructor(socket: WebSocket, options: AgentTunnelOptions) {
    this.#options = options;
    this.#connection = new Connection(socket, options, {
      head: (header, payload) => this.#receiveHead(header, payload),
      goAway: goAway => options.onGoAway?.(goAway),
    });
    this.hello = this.#connection.hello;
    this.closed = this.#connection.closed;
  }

  get streams(): number {
    return this.#connection.streamCount;
  }

  /** Tells the hub to send no new requests; the ones that are open go on. */
  goAway(reason: string): void {
    this.#draining = true;
    this.#connection.sendGoAway({ reason, reconnectWithinMs: 0 });
  }

  close(reason: string): void {
    this.#connection.close(reason);
  }

  #receiveHead(header: FrameHeader, payload: Buffer): void {
    if (header.type !== frameType.request) return;
    const id = header.stream;
    if (id % 2 === 0 || id <= this.#lastId) {
      this.#connection.fail(`request with stream id ${id} after ${this.#lastId}`);
      return;
    }
    this.#lastId = id;
    const { streams } = this.#connection.limits;
    if (this.#draining || this.#connection.streamCount >= streams) {
      const why = this.#draining ? 'the agent is going away' : `more than ${streams} streams`;
      throw new StreamResetError('refused', why);
    }
    const head = parseRequestHead(payload);
    const stream = this.#connection.addStream(id);
    const hasBody = (header.flags & END) === 0;
    if (!hasBody) stream.receiveEnd([]);
    void this.#answer(new Answer(this.#connection, head, stream, hasBody));
  }

  async #answer(request: TunnelRequest): Promise<void> {
    const { stream } = request;
    try {
      await this.#options.handler(request);
      if (stream.destroyed) return;
      if (!stream.writableEnded) throw new Error('the handler did not answer');
      stream.stopReading();
    } catch (error) {
      if (!(error instanceof StreamResetError)) this.#options.onHandlerError?.(error);
      stream.destroy(
        error instanceof StreamResetError
          ? error
          : new StreamResetError('internal', 'the agent failed to answer', { cause: error }),
      );
    }
  }
}

class Answer implements TunnelRequest {
  readonly head: RequestHead;
  readonly stream: TunnelStream;
  readonly hasBody: boolean;
  readonly #connection: Connection;

  constructor(connection: Connection, head: RequestHead, stream: TunnelStream, hasBody: boolean) {
    this.#connection = connection;
    this.head = head;
    this.stream = stream;
    this.hasBody = hasBody;
  }

  inform(head: ResponseHead): void {
    this.#send(frameType.info, head, 0);
  }

  respond(head: ResponseHead, { end = false } = {}): void {
    this.#send(frameType.response, head, end ? END : 0);
    if (end) this.stream.endWithHead();
  }

  #send(
    type: typeof frameType.info | typeof frameType.response,
    head: ResponseHead,
    flags: number,
  ) {
    if (this.stream.destroyed) return;
    const payload = Buffer.from(JSON.stringify(head));
    const { headBytes } = this.#connection.peer;
    if (payload.length > headBytes) {
      throw new StreamResetError(
        'head-too-large',
        `the answer's headers take ${payload.length} bytes; at most ${headBytes} are allowed`,
      );
    }
    this.#connection.pushControl(encodeFrame(type, this.stream.id, payload, flags));
  }
}
