import type { KubeObject } from '../api/kube-object.ts';
import type { Resource } from '../api/resource.ts';
import type * as kinds from './builtin-kinds.ts';

/** The Kubernetes kinds we touch, by the name of their collection. */
export const builtin = {
  namespaces: clusterWide<kinds.Namespace>('', 'v1', 'namespaces', 'Namespace'),
  nodes: clusterWide<kinds.Node>('', 'v1', 'nodes', 'Node'),
  pods: namespaced<kinds.Pod>('', 'v1', 'pods', 'Pod'),
  secrets: namespaced<kinds.Secret>('', 'v1', 'secrets', 'Secret'),
  configMaps: namespaced<kinds.ConfigMap>('', 'v1', 'configmaps', 'ConfigMap'),
  services: namespaced<kinds.Service>('', 'v1', 'services', 'Service'),
  serviceAccounts: namespaced<kinds.ServiceAccount>('', 'v1', 'serviceaccounts', 'ServiceAccount'),
  deployments: namespaced<kinds.Deployment>('apps', 'v1', 'deployments', 'Deployment'),
  leases: namespaced<kinds.Lease>('coordination.k8s.io', 'v1', 'leases', 'Lease'),
  events: namespaced<kinds.Event>('events.k8s.io', 'v1', 'events', 'Event'),
  endpointSlices: namespaced<kinds.EndpointSlice>(
    'discovery.k8s.io',
    'v1',
    'endpointslices',
    'EndpointSlice',
  ),
  roles: namespaced<kinds.Role>('rbac.authorization.k8s.io', 'v1', 'roles', 'Role'),
  roleBindings: namespaced<kinds.RoleBinding>(
    'rbac.authorization.k8s.io',
    'v1',
    'rolebindings',
    'RoleBinding',
  ),
  clusterRoles: clusterWide<kinds.ClusterRole>(
    'rbac.authorization.k8s.io',
    'v1',
    'clusterroles',
    'ClusterRole',
  ),
  clusterRoleBindings: clusterWide<kinds.RoleBinding>(
    'rbac.authorization.k8s.io',
    'v1',
    'clusterrolebindings',
    'ClusterRoleBinding',
  ),
  customResourceDefinitions: clusterWide<kinds.CustomResourceDefinition>(
    'apiextensions.k8s.io',
    'v1',
    'customresourcedefinitions',
    'CustomResourceDefinition',
  ),
  apiServices: clusterWide<kinds.ApiService>(
    'apiregistration.k8s.io',
    'v1',
    'apiservices',
    'APIService',
  ),
  tokenReviews: clusterWide<kinds.TokenReview>(
    'authentication.k8s.io',
    'v1',
    'tokenreviews',
    'TokenReview',
  ),
  subjectAccessReviews: clusterWide<kinds.SubjectAccessReview>(
    'authorization.k8s.io',
    'v1',
    'subjectaccessreviews',
    'SubjectAccessReview',
  ),
  mutatingWebhookConfigurations: clusterWide<kinds.MutatingWebhookConfiguration>(
    'admissionregistration.k8s.io',
    'v1',
    'mutatingwebhookconfigurations',
    'MutatingWebhookConfiguration',
  ),
} as const;

function clusterWide<T extends KubeObject>(
  group: string,
  version: string,
  plural: string,
  kind: string,
): Resource<T> {
  return { group, version, plural, kind, namespaced: false };
}

function namespaced<T extends KubeObject>(
  group: string,
  version: string,
  plural: string,
  kind: string,
): Resource<T> {
  return { group, version, plural, kind, namespaced: true };
}
