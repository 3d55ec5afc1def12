import type { AuthenticatedUser } from './authenticated-request.ts';
import { remember } from './remember.ts';

/** What somebody wants to do with one cluster's socket, in the words of Kubernetes' authorisation. */
export interface SocketAccess {
  readonly user: AuthenticatedUser;
  readonly verb: string;
  readonly clusterId: string;
  /** Empty for the socket itself. */
  readonly subresource: string;
}

export interface AccessVerdict {
  readonly allowed: boolean;
  readonly reason: string;
}

export type AccessReview = (access: SocketAccess) => Promise<AccessVerdict>;

/**
 * The user as the parent needs to see it to decide. Extras that begin with `clusternet-` carry credentials for the child; they go into
 * no review, whose body the parent may write to its audit log.
 */
function withoutChildCredentials(user: AuthenticatedUser): AuthenticatedUser {
  const extra = Object.entries(user.extra).filter(([key]) => !key.startsWith('clusternet-'));
  return { ...user, extra: Object.fromEntries(extra) };
}

/** Short enough that a revoked right is gone after 10 s and a granted one is there after 2 s. */
export function rememberedAccess(
  review: AccessReview,
  now: () => number,
  capacity?: number,
): AccessReview {
  const ask = (access: SocketAccess) =>
    review({ ...access, user: withoutChildCredentials(access.user) });
  return remember(ask, {
    now,
    keyOf,
    keepMs: verdict => (verdict.allowed ? 10_000 : 2_000),
    ...(capacity === undefined ? {} : { capacity }),
  });
}

function keyOf({ user: asked, verb, clusterId, subresource }: SocketAccess): string {
  const user = withoutChildCredentials(asked);
  const extra = Object.entries(user.extra).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([user.name, user.uid, user.groups, extra, verb, clusterId, subresource]);
}

const verbs = new Map([
  ['GET', 'get'],
  ['HEAD', 'get'],
  ['OPTIONS', 'get'],
  ['POST', 'create'],
  ['PUT', 'update'],
  ['PATCH', 'patch'],
  ['DELETE', 'delete'],
]);

/** The verb a kube-apiserver derives from a method for a named resource; undefined for methods Kubernetes does not know. */
export function verbOf(method: string): string | undefined {
  return verbs.get(method);
}
