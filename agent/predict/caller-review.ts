import { builtin } from '../../kube/builtin.ts';
import type { KubeClient } from '../../kube/client.ts';

/** 200 lets the caller in; 401 and 403 say what is missing. */
export interface CallerVerdict {
  readonly status: 200 | 401 | 403;
  readonly message: string;
}

/** Judges who sent this Authorization header. */
export type CallerReview = (authorization: string | undefined) => Promise<CallerVerdict>;

const anonymous: CallerVerdict = {
  status: 401,
  message: "a bearer token of this cluster's API server is needed",
};

/**
 * Asks this cluster's API server whose token it is (TokenReview) and whether he may `post` to the non-resource URL
 * `/replicas/predict` (SubjectAccessReview).
 */
export function callerReview(client: KubeClient): CallerReview {
  return async authorization => {
    const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    const user = token === undefined ? undefined : await userOf(client, token);
    if (user?.username === undefined) return anonymous;
    const { username, uid, groups, extra } = user;
    const { status } = await client.create(builtin.subjectAccessReviews, {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      metadata: {},
      spec: {
        user: username,
        ...(uid !== undefined && { uid }),
        ...(groups !== undefined && { groups }),
        ...(extra !== undefined && { extra }),
        nonResourceAttributes: { path: '/replicas/predict', verb: 'post' },
      },
    });
    if (status?.allowed === true) return { status: 200, message: '' };
    return {
      status: 403,
      message: `user "${username}" may not: grant verb post on nonResourceURL /replicas/predict in this cluster`,
    };
  };
}

async function userOf(client: KubeClient, token: string) {
  const { status } = await client.create(builtin.tokenReviews, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    metadata: {},
    spec: { token },
  });
  return status?.authenticated === true ? status.user : undefined;
}
