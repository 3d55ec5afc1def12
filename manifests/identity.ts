import type { DynamicObject } from '../api/kube-object.ts';
import type { RbacSubject } from '../kube/builtin-kinds.ts';
import { type Grant, policyRules } from './grant.ts';

/** Who a component is and what it may do. */
export interface Identity {
  /** Name of its ServiceAccount, Role and RoleBinding. */
  readonly name: string;
  /** Name of its ClusterRole and ClusterRoleBinding; clusterctl finds them by their beginning. */
  readonly clusterRole: string;
  /** Rights in the whole cluster. */
  readonly everywhere: readonly Grant[];
  /** Rights in the namespace it runs in. */
  readonly atHome: readonly Grant[];
}

const rbac = 'rbac.authorization.k8s.io';

/** ServiceAccount, roles and bindings of an identity that lives in `namespace`. */
export function identityObjects(identity: Identity, namespace: string): readonly DynamicObject[] {
  const { name, clusterRole: role } = identity;
  const subject = serviceAccountSubject(name, namespace);
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name } },
    clusterRole(role, identity.everywhere),
    clusterRoleBinding(role, role, subject),
    {
      apiVersion: `${rbac}/v1`,
      kind: 'Role',
      metadata: { namespace, name },
      rules: policyRules(identity.atHome),
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata: { namespace, name },
      roleRef: { apiGroup: rbac, kind: 'Role', name },
      subjects: [subject],
    },
  ];
}

export function serviceAccountSubject(name: string, namespace: string): RbacSubject {
  return { kind: 'ServiceAccount', name, namespace };
}

export function clusterRole(
  name: string,
  grants: readonly Grant[],
  labels?: Readonly<Record<string, string>>,
): DynamicObject {
  return {
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRole',
    metadata: { name, ...(labels !== undefined && { labels }) },
    rules: policyRules(grants),
  };
}

export function clusterRoleBinding(
  name: string,
  role: string,
  subject: RbacSubject,
): DynamicObject {
  return {
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
    subjects: [subject],
  };
}
