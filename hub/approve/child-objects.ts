import type { ClusterRegistrationRequest } from '../../api/clusters/cluster-registration-request.ts';
import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import {
  annotations,
  clusterRoles,
  creators,
  finalizers,
  labels,
  namesFor,
  serviceAccounts,
  taintKeys,
} from '../../api/well-known.ts';
import type {
  ClusterRole,
  Namespace,
  RbacSubject,
  RoleBinding,
  ServiceAccount,
} from '../../kube/builtin-kinds.ts';
import { keyFingerprint } from '../credential/key-fingerprint.ts';

/** Which cluster the objects below are for. */
export interface ChildIdentity {
  readonly clusterId: string;
  readonly clusterName: string;
  /** Its dedicated namespace. */
  readonly namespace: string;
}

type Labels = Readonly<Record<string, string>>;

function identityLabels(child: ChildIdentity, creator: string): Labels {
  return {
    [labels.createdBy]: creator,
    [labels.clusterId]: child.clusterId,
    [labels.clusterName]: child.clusterName,
  };
}

/** The dedicated namespace. It keeps upstream's label value, by which people and tools find such namespaces. */
export function dedicatedNamespace(child: ChildIdentity): Namespace {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: child.namespace, labels: identityLabels(child, creators.agent) },
  };
}

/** The ManagedCluster as it begins: tainted until the cluster is connected and has reported its labels. */
export function newManagedCluster(
  child: ChildIdentity,
  request: ClusterRegistrationRequest,
): ManagedCluster {
  const { spec } = request;
  return {
    apiVersion: 'clusters.clusternet.io/v1beta1',
    kind: 'ManagedCluster',
    metadata: {
      name: child.clusterName,
      namespace: child.namespace,
      // The identity labels come last: a cluster cannot pass itself off as another one.
      labels: {
        ...request.spec.clusterLabels,
        ...sourceLabel(request),
        ...identityLabels(child, creators.agent),
      },
      annotations: {
        [annotations.registrationUid]: request.metadata.uid ?? '',
        ...ownerAnnotation(request),
        ...(spec.publicKey === undefined
          ? {}
          : { [annotations.agentKey]: keyFingerprint(spec.publicKey) }),
      },
      finalizers: [finalizers.clusters],
    },
    spec: {
      clusterId: spec.clusterId,
      ...(spec.clusterType === undefined ? {} : { clusterType: spec.clusterType }),
      syncMode: spec.syncMode ?? 'Pull',
      taints: [{ key: taintKeys.bootstrapping, effect: 'NoSchedule' }],
    },
  };
}

function sourceLabel(request: ClusterRegistrationRequest): Labels {
  const source = request.metadata.labels?.[labels.discoverySource];
  return source === undefined ? {} : { [labels.discoverySource]: source };
}

function ownerAnnotation(request: ClusterRegistrationRequest): Labels {
  const owner = request.metadata.annotations?.[annotations.discoveryOwner];
  return owner === undefined ? {} : { [annotations.discoveryOwner]: owner };
}

export function childServiceAccount(child: ChildIdentity, name: string): ServiceAccount {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: {
      name,
      namespace: child.namespace,
      labels: identityLabels(child, creators.hub),
    },
    automountServiceAccountToken: false,
  };
}

/** What a child may do in its own namespace; the rules are in the one ClusterRole that comes with the manifests. */
export function childRoleBinding(child: ChildIdentity): RoleBinding {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: {
      name: serviceAccounts.child,
      namespace: child.namespace,
      labels: identityLabels(child, creators.hub),
    },
    roleRef: roleRef(clusterRoles.child),
    subjects: [account(child, serviceAccounts.child)],
  };
}

const proxies = 'proxies.clusternet.io';

/** What a joined child may do with its own id, across namespaces: attach its tunnel, renew its credential, see its request. */
export function childClusterRole(child: ChildIdentity): ClusterRole {
  const attach = {
    apiGroups: [proxies],
    resources: ['sockets/attach'],
    resourceNames: [child.clusterId],
    verbs: ['get'],
  };
  const bootstrap = bootstrapClusterRole(child);
  return {
    ...bootstrap,
    metadata: { ...bootstrap.metadata, name: namesFor.childClusterRole(child.clusterId) },
    rules: [attach, ...(bootstrap.rules ?? [])],
  };
}

/** What the bootstrap token may do: ask for the credential and see the request. It cannot attach a tunnel. */
export function bootstrapClusterRole(child: ChildIdentity): ClusterRole {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: {
      name: bootstrapRoleName(child.clusterId),
      labels: identityLabels(child, creators.hub),
    },
    rules: [
      {
        apiGroups: [proxies],
        resources: ['sockets/credential'],
        resourceNames: [child.clusterId],
        verbs: ['create'],
      },
      {
        apiGroups: ['clusters.clusternet.io'],
        resources: ['clusterregistrationrequests'],
        resourceNames: [namesFor.registrationRequest(child.clusterId)],
        verbs: ['get'],
      },
    ],
  };
}

export function bootstrapRoleName(clusterId: string): string {
  return `${namesFor.childClusterRole(clusterId)}-bootstrap`;
}

/** Binds a ClusterRole of the child to one of its ServiceAccounts, under the role's own name. */
export function childClusterRoleBinding(
  child: ChildIdentity,
  role: string,
  serviceAccount: string,
): RoleBinding {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: role, labels: identityLabels(child, creators.hub) },
    roleRef: roleRef(role),
    subjects: [account(child, serviceAccount)],
  };
}

function roleRef(name: string): RoleBinding['roleRef'] {
  return { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name };
}

function account({ namespace }: ChildIdentity, name: string): RbacSubject {
  return { kind: 'ServiceAccount', name, namespace };
}
