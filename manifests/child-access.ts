import type { DynamicObject } from '../api/kube-object.ts';
import { clusterRoles } from '../api/well-known.ts';
import { type Grant, grant, read } from './grant.ts';
import { clusterRole, clusterRoleBinding } from './identity.ts';

const apps = 'apps.clusternet.io';
const clusters = 'clusters.clusternet.io';
const proxies = 'proxies.clusternet.io';
const apiGroup = 'rbac.authorization.k8s.io';

/** What a child may do in the namespace dedicated to it, and nowhere else. */
export const childGrants: readonly Grant[] = [
  grant('get', clusters, 'managedclusters', 'finds itself'),
  grant('patch', clusters, 'managedclusters/status', 'reports'),
  grant(
    `${read} patch`,
    apps,
    'descriptions helmreleases',
    'learns what to apply, and keeps its finalizer',
  ),
  grant('patch', apps, 'descriptions/status', 'tells what became of it'),
  grant('create patch', 'events.k8s.io', 'events', 'tells people what happened'),
  grant('get create update patch', 'coordination.k8s.io', 'leases', 'keeps short-lived state'),
];

/** What a bootstrap token of upstream's kind may do; a cluster's first key, once pinned, is what counts then. */
export const bootstrapGrants: readonly Grant[] = [
  grant('create get', clusters, 'clusterregistrationrequests', 'asks to become a child'),
  grant('create', proxies, 'sockets/credential', 'asks for the credential of a cluster by its key'),
];

const bootstrapGroup = 'system:bootstrappers:clusternet:register-cluster-token';
const proxyUser = 'clusternet';

/** What the user `clusternet` may do: go through to any child, where only the child's credential counts. */
export const proxyUserGrants: readonly Grant[] = [
  grant(
    'get create update patch delete',
    proxies,
    'sockets/proxy',
    'goes through to a child, to be judged there',
  ),
];

/** What it takes to be the user `clusternet`; bound to nobody. */
export const proxyImpersonatorGrants: readonly Grant[] = [
  grant('impersonate', '', 'users', 'kubeconfigs that say `as: clusternet`', [proxyUser]),
  grant(
    'impersonate',
    'authentication.k8s.io',
    'userextras/clusternet-token userextras/clusternet-certificate userextras/clusternet-privatekey',
    "carries the child's credential",
  ),
  grant(
    'impersonate',
    'authentication.k8s.io',
    'userextras/clusternet-impersonate-user userextras/clusternet-impersonate-uid userextras/clusternet-impersonate-group',
    'asks the child to act for someone else, if that credential may',
  ),
];

/** The ClusterRoles that children and their visitors get. */
export function childAccessObjects(): readonly DynamicObject[] {
  return [
    clusterRole(clusterRoles.child, childGrants),
    clusterRole(clusterRoles.proxyImpersonator, proxyImpersonatorGrants),
    clusterRole(clusterRoles.proxyUser, proxyUserGrants),
    clusterRoleBinding(clusterRoles.proxyUser, clusterRoles.proxyUser, {
      apiGroup,
      kind: 'User',
      name: proxyUser,
    }),
    clusterRole(clusterRoles.bootstrapping, bootstrapGrants),
    clusterRoleBinding(clusterRoles.bootstrapping, clusterRoles.bootstrapping, {
      apiGroup,
      kind: 'Group',
      name: bootstrapGroup,
    }),
  ];
}
