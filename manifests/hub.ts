import type { DynamicObject } from '../api/kube-object.ts';
import { clusterRoles, secretNames, serviceAccounts } from '../api/well-known.ts';
import { componentDeployment, componentLabels, variable } from './component.ts';
import { grant, read } from './grant.ts';
import { type Identity, identityObjects } from './identity.ts';

const clusters = 'clusters.clusternet.io';
const apps = 'apps.clusternet.io';
const rbac = 'rbac.authorization.k8s.io';
const proxies = 'proxies.clusternet.io';

/** The hub: registers children, keeps their tunnels, delivers to them. */
export const hubIdentity: Identity = {
  name: 'clusternet-hub',
  clusterRole: clusterRoles.hub,
  everywhere: [
    grant(`${read} patch delete`, clusters, 'clusterregistrationrequests', 'answers requests'),
    grant('patch', clusters, 'clusterregistrationrequests/status', 'answers requests'),
    grant(`${read} create patch delete`, clusters, 'managedclusters', 'one for each child'),
    grant('patch', clusters, 'managedclusters/status', 'says which children are connected'),
    grant(`${read} patch`, apps, 'subscriptions', 'delivers what they name'),
    grant('patch', apps, 'subscriptions/status', 'says how their feeds fare'),
    grant(`${read} patch`, apps, 'manifests', 'what Subscriptions name'),
    grant(read, apps, 'helmcharts', 'whether those that Subscriptions name are there'),
    grant(read, apps, 'resourceinterpreters', 'how objects of other kinds are to be understood'),
    grant('patch', apps, 'resourceinterpreters/status', 'says which of them work'),
    grant(
      `${read} create patch`,
      apps,
      'feedinventories',
      'what the feeds of Subscriptions need, for replicas to be divided by',
    ),
    grant(
      `${read} create patch delete`,
      apps,
      'bases descriptions',
      'what is rendered from Subscriptions',
    ),
    grant('patch', apps, 'descriptions/status', 'tells what became of a delivery'),
    grant(
      `${read} patch delete`,
      apps,
      'helmreleases',
      'lets go of those of a cluster that leaves',
    ),
    grant(`${read} create delete`, '', 'namespaces', 'one dedicated to each child'),
    grant(
      `${read} create delete`,
      '',
      'serviceaccounts',
      'who a child is in the parent; deleting one revokes its tokens',
    ),
    grant('create', '', 'serviceaccounts/token', 'the short-lived tokens of children', [
      serviceAccounts.child,
    ]),
    grant('get create delete', rbac, 'rolebindings', 'gives a child its own namespace'),
    grant('bind', rbac, 'clusterroles', 'binds only what a child may have', [clusterRoles.child]),
    grant(
      'get create delete',
      rbac,
      'clusterroles clusterrolebindings',
      'gives a child its own tunnel, by name; it cannot give what it does not have itself',
    ),
    grant('get', proxies, 'sockets/attach', 'may be passed on to a child, for its own id'),
    grant('create', proxies, 'sockets/credential', 'may be passed on to a child, for its own id'),
    grant('create', 'apiregistration.k8s.io', 'apiservices', 'registers its API'),
    grant(
      `${read} patch`,
      'apiregistration.k8s.io',
      'apiservices',
      'renews the CA its API is trusted by',
      ['v1alpha1.proxies.clusternet.io'],
    ),
    grant('create', 'authentication.k8s.io', 'tokenreviews', 'who calls without the front proxy'),
    grant(
      'create',
      'authorization.k8s.io',
      'subjectaccessreviews',
      'may the caller reach this child, or deliver this feed',
    ),
    grant(read, '', 'configmaps', 'by which CA the front proxy is known', [
      'extension-apiserver-authentication',
    ]),
    grant('create patch', 'events.k8s.io', 'events', 'tells people what happened'),
  ],
  atHome: [
    grant('create', '', 'secrets', 'keeps its CA and certificate'),
    grant(`${read} patch update`, '', 'secrets', 'keeps its CA and certificate', [
      secretNames.hubTls,
    ]),
    grant(
      `${read} create patch update delete`,
      'coordination.k8s.io',
      'leases',
      'elects a leader, and says which replica holds which tunnel',
    ),
  ],
};

/** What the parent runs and grants for the hub. */
export function hubObjects(namespace: string, image: string): readonly DynamicObject[] {
  return [
    ...identityObjects(hubIdentity, namespace),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace, name: 'clusternet-hub', labels: componentLabels('hub') },
      spec: {
        selector: componentLabels('hub'),
        ports: [{ name: 'api', port: 443, targetPort: 'api' }],
      },
    },
    componentDeployment({
      component: 'hub',
      namespace,
      image,
      replicas: variable('CLUSTERNET_HUB_REPLICAS', '1'),
      serviceAccount: hubIdentity.name,
      ports: [
        { name: 'api', port: 8443 },
        { name: 'health', port: 10660 },
      ],
      strategy: 'Recreate',
      requests: { cpu: '100m', memory: '128Mi' },
    }),
  ];
}
