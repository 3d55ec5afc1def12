import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Duplex } from 'node:stream';

/** Who asks, as the parent's API server (front proxy) or a TokenReview vouches for it. */
export interface AuthenticatedUser {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  /** Extra attributes; keys are lower-case and percent-decoded, e.g. `clusternet-token`. Values may be secrets. */
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** A request on one cluster's socket that has passed authentication, authorisation and the audit line's start. */
export interface AuthenticatedRequest {
  readonly incoming: IncomingMessage | Http2ServerRequest;
  readonly user: AuthenticatedUser;
  readonly clusterId: string;
  /** `attach` is the agent's tunnel, `predict` asks the child's predictor, `proxy` is everything that goes to its API server. */
  readonly subresource: 'attach' | 'predict' | 'proxy';
  /** What follows `sockets/<id>/<subresource>` in the URL exactly as sent, query included: `` or `/direct/api/v1?limit=1`. */
  readonly rest: string;
}

/** The answer side of a plain (not upgraded) request, HTTP/1.1 or HTTP/2. */
export type OutgoingResponse = ServerResponse | Http2ServerResponse;

/** What hub/sockets offers to the server. None of the methods throws; each answers or ends what it was given. */
export interface SocketHandlers {
  /** A request with `Upgrade`: the agent's websocket (attach) or an upgrade towards the child (proxy). */
  handleUpgrade(request: AuthenticatedRequest, socket: Duplex, head: Buffer): void;
  /** Asks the child's predictor. */
  handlePredict(request: AuthenticatedRequest, response: OutgoingResponse): void;
  /** Any other request to the child. */
  handleProxy(request: AuthenticatedRequest, response: OutgoingResponse): void;
  /** Ends the tunnel of a cluster whose credential was revoked or which has left; nothing happens when there is none. */
  cut(clusterId: string, reason: string): void;
}
