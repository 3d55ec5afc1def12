import type { DynamicObject } from '../api/kube-object.ts';
import { componentDeployment, variable } from './component.ts';
import { grant, read } from './grant.ts';
import { type Identity, identityObjects } from './identity.ts';

const apps = 'apps.clusternet.io';

/** The scheduler: chooses clusters for Subscriptions. */
export const schedulerIdentity: Identity = {
  name: 'clusternet-scheduler',
  clusterRole: 'clusternet-system-scheduler',
  everywhere: [
    grant(read, apps, 'subscriptions feedinventories', 'what is to be placed'),
    grant('patch', apps, 'subscriptions/status', 'writes the clusters it chose'),
    grant(read, 'clusters.clusternet.io', 'managedclusters', 'where it can be placed'),
    grant(
      'create',
      'proxies.clusternet.io',
      'sockets/predict',
      "asks a cluster's predictor how many replicas fit",
    ),
    grant(read, '', 'namespaces', 'tells dedicated namespaces, whose Subscriptions do not count'),
    grant(
      'get create delete',
      '',
      'configmaps',
      'answers, beside a Subscription, who asks why it is placed as it is',
    ),
    grant('create patch', 'events.k8s.io', 'events', 'tells people what it decided'),
  ],
  atHome: [grant('get create update patch', 'coordination.k8s.io', 'leases', 'elects a leader')],
};

/** What the parent runs and grants for the scheduler. */
export function schedulerObjects(namespace: string, image: string): readonly DynamicObject[] {
  return [
    ...identityObjects(schedulerIdentity, namespace),
    componentDeployment({
      component: 'scheduler',
      namespace,
      image,
      replicas: variable('CLUSTERNET_SCHEDULER_REPLICAS', '1'),
      serviceAccount: schedulerIdentity.name,
      ports: [{ name: 'health', port: 10659 }],
      strategy: 'RollingUpdate',
      requests: { cpu: '50m', memory: '96Mi' },
    }),
  ];
}
