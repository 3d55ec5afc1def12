import type { DynamicObject } from '../api/kube-object.ts';
import { secretNames, serviceAccounts } from '../api/well-known.ts';
import { componentDeployment, variable } from './component.ts';
import { grant, read } from './grant.ts';
import { type Identity, identityObjects } from './identity.ts';

const own = 'discovery.clusternet.io';
const clusters = 'clusters.clusternet.io';

/** Discovery: makes children of Cluster API's Clusters. */
export const discoveryIdentity: Identity = {
  name: 'clusternet-discovery',
  clusterRole: 'clusternet-system-discovery',
  everywhere: [
    grant(
      `${read} create`,
      own,
      'hubconnections clusterdiscoverypolicies',
      'what it is told to do; it makes the defaults where there are none',
    ),
    grant(
      'patch',
      own,
      'hubconnections/status clusterdiscoverypolicies/status',
      'says whether that works',
    ),
    grant(`${read} create patch delete`, own, 'discoveredclusters', 'what it knows of a Cluster'),
    grant('patch', own, 'discoveredclusters/status', 'says how far a Cluster is'),
    grant(read, 'cluster.x-k8s.io', 'clusters clusterclasses', 'finds Clusters'),
    grant(
      read,
      'apiextensions.k8s.io',
      'customresourcedefinitions',
      'notices when Cluster API is installed, upgraded or removed',
      ['clusters.cluster.x-k8s.io'],
    ),
    grant(
      'get',
      '',
      'secrets',
      'asks for the kubeconfig of a Cluster by its name; never lists or watches Secrets',
    ),
    grant(read, '', 'namespaces', 'namespaceSelector, and the label that keeps Clusters out'),
    grant(read, '', 'configmaps', 'the address of the parent (kube-public/cluster-info)', [
      'cluster-info',
    ]),
    grant(
      'get create patch',
      clusters,
      'clusterregistrationrequests',
      'registers a Cluster before its agent starts',
    ),
    grant(`${read} patch`, clusters, 'managedclusters', 'labels children'),
    grant('patch', clusters, 'managedclusters/status', 'says which node labels it refused'),
    grant('create', '', 'serviceaccounts/token', 'the ten-minute token an agent joins with', [
      serviceAccounts.bootstrap,
    ]),
    grant('create patch', 'events.k8s.io', 'events', 'tells people what happened'),
  ],
  atHome: [
    grant('create', '', 'secrets', 'the bootstrap Secret of the parent as its own child'),
    grant('patch', '', 'secrets', 'the bootstrap Secret of the parent as its own child', [
      secretNames.clusterRegistration,
    ]),
    grant('get', '', 'pods', 'takes the image of agents from its own Pod'),
    grant(
      'get create update patch',
      'coordination.k8s.io',
      'leases',
      "elects a leader, and reads the parent's own cluster id",
    ),
  ],
};

/**
 * What the parent (or another management cluster) runs and grants for discovery. The default policy and
 * connection are made by discovery itself: an upgrade by clusterctl would put them back to the defaults.
 */
export function discoveryObjects(namespace: string, image: string): readonly DynamicObject[] {
  return [
    ...identityObjects(discoveryIdentity, namespace),
    componentDeployment({
      component: 'discovery',
      namespace,
      image,
      replicas: variable('CLUSTERNET_DISCOVERY_REPLICAS', '1'),
      serviceAccount: discoveryIdentity.name,
      env: [
        { name: 'CLUSTERNET_DISCOVERY_MODE', value: variable('CLUSTERNET_DISCOVERY_MODE', 'All') },
        { name: 'CLUSTERNET_PARENT_URL', value: variable('CLUSTERNET_PARENT_URL', '') },
        { name: 'CLUSTERNET_SELF_NAME', value: variable('CLUSTERNET_SELF_NAME', 'parent') },
      ],
      ports: [
        { name: 'diagnostics', port: 8443 },
        { name: 'health', port: 9440 },
      ],
      strategy: 'RollingUpdate',
      requests: { cpu: '50m', memory: '96Mi' },
    }),
  ];
}
