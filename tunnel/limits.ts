/** Bounds of one tunnel. Tests shrink them; production uses the defaults. */
export interface TunnelLimits {
  /** Largest payload of any frame but data: heads, trailers, resets. */
  readonly headBytes: number;
  /** Streams open at the same time. */
  readonly streams: number;
  /** Bytes a peer may send on one stream and direction before the reader has taken any. */
  readonly windowBytes: number;
  /** Bytes handed to the socket and not yet taken by the kernel above which no more data is scheduled. */
  readonly unsentBytes: number;
  /** Control frames waiting for a peer that does not read, above which the tunnel is given up. */
  readonly queuedControlBytes: number;
  /** Silence after which we ask for a sign of life. */
  readonly idleMs: number;
  /** Silence after which the peer counts as dead. */
  readonly deadMs: number;
}

export const defaultLimits: TunnelLimits = {
  headBytes: 64 * 1024,
  streams: 10_000,
  windowBytes: 256 * 1024,
  unsentBytes: 256 * 1024,
  queuedControlBytes: 32 * 1024 * 1024,
  idleMs: 5_000,
  deadMs: 10_000,
};

/** Most payload one stream may send before the next one has its turn. */
export const TURN_BYTES = 32 * 1024;

/** Target size of one websocket message; small enough that any peer shows life while it takes one in. */
export const MESSAGE_BYTES = 64 * 1024;

/** For both ends' websockets: no compression, and no message larger than any honest peer sends. */
export const websocketOptions = { perMessageDeflate: false, maxPayload: 4 * 1024 * 1024 } as const;
