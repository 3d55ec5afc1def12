import assert from 'node:assert/strict';
import type { Description, ManifestStatus } from '../../api/apps/description.ts';
import type { Subscription } from '../../api/apps/subscription.ts';
import { aggregateStatus, type DeliveredCluster } from './aggregate-status.ts';

const web = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' };
const service = { apiVersion: 'v1', kind: 'Service', namespace: 'shop', name: 'web' };
const subscription: Subscription = {
  apiVersion: 'apps.clusternet.io/v1alpha1',
  kind: 'Subscription',
  metadata: { name: 'shop', namespace: 'default', uid: 'u1', generation: 3 },
  spec: { subscribers: [], feeds: [web, service] },
};

function cluster(
  name: string,
  manifestStatuses: readonly ManifestStatus[],
  over: Partial<NonNullable<Description['status']>> = {},
): DeliveredCluster {
  return {
    clusterId: `id-${name}`,
    clusterName: name,
    description: {
      apiVersion: 'apps.clusternet.io/v1alpha1',
      kind: 'Description',
      metadata: { name: 'd', namespace: name, generation: 2 },
      spec: { deployer: 'Generic' },
      status: { phase: 'Success', manifestStatuses, ...over },
    },
  };
}

const running = (replicas: number, availableReplicas = replicas): ManifestStatus => ({
  ...web,
  observedStatus: { observedGeneration: replicas, replicas, availableReplicas, conditions: [] },
});
const served: ManifestStatus = { ...service, observedStatus: { loadBalancer: {} } };

describe('aggregateStatus', () => {
  it('tells each feed cluster by cluster, and sums the replicas', () => {
    const { aggregatedStatuses, completedReleases } = aggregateStatus(subscription, [
      cluster('a', [running(2), served]),
      cluster('b', [running(3), served]),
    ]);
    assert.equal(completedReleases, 2);
    assert.deepEqual(aggregatedStatuses[0], {
      ...web,
      feedStatusSummary: {
        available: true,
        replicaStatus: { observedGeneration: 3, replicas: 5, availableReplicas: 5 },
      },
      feedStatusDetails: [
        {
          clusterId: 'id-a',
          clusterName: 'a',
          available: true,
          replicaStatus: { observedGeneration: 2, replicas: 2, availableReplicas: 2 },
        },
        {
          clusterId: 'id-b',
          clusterName: 'b',
          available: true,
          replicaStatus: { observedGeneration: 3, replicas: 3, availableReplicas: 3 },
        },
      ],
    });
  });

  it('tells objects of one name and different kinds apart', () => {
    const { aggregatedStatuses } = aggregateStatus(subscription, [cluster('a', [served])]);
    assert.deepEqual(
      aggregatedStatuses.map(({ feedStatusSummary }) => feedStatusSummary?.available),
      [false, true],
    );
  });

  it('calls a workload available only when its replicas are', () => {
    const { aggregatedStatuses } = aggregateStatus(subscription, [
      cluster('a', [running(2), served]),
      cluster('b', [running(2, 1), served]),
    ]);
    assert.equal(aggregatedStatuses[0]?.feedStatusSummary?.available, false);
    const fresh = aggregateStatus(subscription, [cluster('a', [{ ...web, observedStatus: {} }])]);
    assert.equal(fresh.aggregatedStatuses[0]?.feedStatusSummary?.available, false);
  });

  it('believes who knows the kind better, as far as he says', () => {
    const clusters = [cluster('a', [running(2), served]), cluster('b', [running(2, 0), served])];
    const asked: unknown[] = [];
    const { aggregatedStatuses } = aggregateStatus(subscription, clusters, (feed, status) => {
      asked.push(feed.kind);
      if (feed.kind === 'Service') return { available: false, replicaStatus: { replicas: 7 } };
      return { available: status.availableReplicas === 0 };
    });
    const [deployment, other] = aggregatedStatuses;
    assert.deepEqual(
      deployment?.feedStatusDetails?.map(({ available }) => available),
      [false, true],
    );
    assert.equal(deployment?.feedStatusSummary?.replicaStatus?.replicas, 4);
    assert.deepEqual(other?.feedStatusSummary, {
      available: false,
      replicaStatus: { replicas: 14 },
    });
    assert.deepEqual(asked, ['Deployment', 'Deployment', 'Service', 'Service']);
  });

  it('lists a cluster to which nothing was delivered yet', () => {
    const waiting = { clusterId: 'id-c', clusterName: 'c', description: undefined };
    const { aggregatedStatuses, completedReleases, condition } = aggregateStatus(subscription, [
      waiting,
    ]);
    assert.deepEqual(aggregatedStatuses[0]?.feedStatusDetails, [
      { clusterId: 'id-c', clusterName: 'c', available: false },
    ]);
    assert.equal(completedReleases, 0);
    assert.equal(condition.reason, 'Applying');
  });

  it('says in which cluster it failed, and why', () => {
    const failed = cluster('b', [], { phase: 'Failure', reason: 'quota exceeded' });
    const { condition } = aggregateStatus(subscription, [cluster('a', []), failed]);
    assert.equal(condition.reason, 'ApplyFailed');
    assert.match(condition.message, /first b: quota exceeded/);
  });

  it('does not take the success of an earlier Description for that of the present one', () => {
    const stale = cluster('a', [], {
      conditions: [
        {
          type: 'Applied',
          status: 'True',
          reason: 'Applied',
          message: '',
          lastTransitionTime: '2026-01-01T00:00:00Z',
          observedGeneration: 1,
        },
      ],
    });
    const { completedReleases, condition } = aggregateStatus(subscription, [stale]);
    assert.equal(completedReleases, 0);
    assert.equal(condition.reason, 'Applying');
  });
});
