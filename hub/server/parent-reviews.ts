import { builtin } from '../../kube/builtin.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { AccessReview } from './access-review.ts';
import type { TokenReviewer } from './authentication.ts';
import { socketsApi } from './route.ts';

/** Asks the parent whose bearer token this is. */
export function tokenReviewer(client: KubeClient): TokenReviewer {
  return async token => {
    const { status } = await client.create(builtin.tokenReviews, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      metadata: {},
      spec: { token },
    });
    const { username, uid, groups = [], extra = {} } = status?.user ?? {};
    if (status?.authenticated !== true || username === undefined) return undefined;
    return { name: username, ...(uid === undefined ? {} : { uid }), groups, extra };
  };
}

/** Asks the parent whether a user may do something with a socket. */
export function subjectAccessReviewer(client: KubeClient): AccessReview {
  return async ({ user, verb, clusterId, subresource }) => {
    const { status } = await client.create(builtin.subjectAccessReviews, {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      metadata: {},
      spec: {
        user: user.name,
        ...(user.uid === undefined ? {} : { uid: user.uid }),
        groups: user.groups,
        extra: user.extra,
        resourceAttributes: {
          group: socketsApi.group,
          version: socketsApi.version,
          resource: 'sockets',
          subresource,
          name: clusterId,
          verb,
        },
      },
    });
    return { allowed: status?.allowed === true, reason: status?.reason ?? '' };
  };
}
