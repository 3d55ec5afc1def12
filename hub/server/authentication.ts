import { createHash } from 'node:crypto';
import type { AuthenticatedUser } from './authenticated-request.ts';
import type { FrontProxyConfig } from './front-proxy-config.ts';
import { mayVouch, userFromHeaders } from './front-proxy-identity.ts';
import { headerValues, type RawHeaders } from './header-values.ts';
import { remember } from './remember.ts';
import { StatusError } from './status-error.ts';

/** What the TLS layer knows of the other end. */
export interface Peer {
  /** Common name of a client certificate that verifies against the present requestheader CA. */
  readonly verifiedName: string | undefined;
}

/** Answers who a bearer token belongs to; undefined for a token that is not valid. */
export type TokenReviewer = (token: string) => Promise<AuthenticatedUser | undefined>;

export interface AuthenticationOptions {
  readonly frontProxy: () => FrontProxyConfig | undefined;
  readonly reviewToken: TokenReviewer;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export type Authenticate = (headers: RawHeaders, peer: Peer) => Promise<AuthenticatedUser>;

/**
 * Says who asks, or refuses with 401. The front proxy's headers count only with its certificate: on any other connection they are not
 * looked at, and a bearer token is needed. Nobody is let in as anonymous, even when the front proxy says so.
 */
export function authenticator(options: AuthenticationOptions): Authenticate {
  const { frontProxy, now } = options;
  const review = remember(options.reviewToken, {
    now,
    keyOf: token => createHash('sha256').update(token).digest('base64'),
    keepMs: user => (user === undefined ? 2_000 : 10_000),
  });
  return async (headers, peer) => {
    const config = frontProxy();
    const vouched =
      config !== undefined &&
      peer.verifiedName !== undefined &&
      mayVouch(peer.verifiedName, config);
    const user = vouched ? userFromHeaders(headers, config) : await userFromToken(headers, review);
    if (user === undefined || isAnonymous(user)) throw unauthenticated();
    return user;
  };
}

async function userFromToken(
  headers: RawHeaders,
  review: TokenReviewer,
): Promise<AuthenticatedUser | undefined> {
  const [authorization = ''] = headerValues(headers, 'authorization');
  const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  return token === undefined ? undefined : review(token);
}

function isAnonymous(user: AuthenticatedUser): boolean {
  return user.name === 'system:anonymous' || user.groups.includes('system:unauthenticated');
}

function unauthenticated(): StatusError {
  return new StatusError(
    401,
    'The request names no user. Ask through the parent API server with a valid credential, or send a bearer token ' +
      'that the parent accepts; anonymous access is never granted.',
  );
}
