import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import type { Taint } from '../../api/taint.ts';
import { bootstrapWanted, isNews, readyCondition, taintsFor } from './cluster-health.ts';
import type { Connection } from './connection.ts';

const connected: Connection = { state: 'connected' };
const lost: Connection = { state: 'lost' };
const unsure: Connection = { state: 'unsure', askAgainMs: 1 };
const never: Connection = { state: 'never' };
const bootstrapping: Taint = {
  key: 'clusters.clusternet.io/bootstrapping',
  effect: 'NoSchedule',
};
const byUser: Taint = { key: 'team', value: 'a', effect: 'NoSchedule' };
const healthy = { healthz: true, livez: true, readyz: true, nodeLabels: {} };

function cluster(
  taints: readonly Taint[],
  status: ManagedCluster['status'] = healthy,
): ManagedCluster {
  return {
    apiVersion: 'clusters.clusternet.io/v1beta1',
    kind: 'ManagedCluster',
    metadata: { name: 'edge', namespace: 'ns' },
    spec: { clusterId: 'id', syncMode: 'Pull', taints },
    ...(status === undefined ? {} : { status }),
  };
}

const midnight = new Date('2026-01-01T00:00:00.500Z');

function judge(subject: ManagedCluster, connection: Connection, now = midnight) {
  const condition = readyCondition(connection, subject.status);
  return { condition, taints: taintsFor(subject, connection, condition, now) };
}

describe('the health of a cluster', () => {
  it('is Ready when it is connected and its API server is well', () => {
    const { condition, taints } = judge(cluster([bootstrapping, byUser]), connected);
    assert.equal(condition?.status, 'True');
    assert.equal(condition?.reason, 'ManagedClusterReady');
    assert.deepEqual(taints, [byUser]);
  });

  it('keeps the bootstrapping taint until the first node labels are in, an empty set included', () => {
    const { nodeLabels: _, ...unlabelled } = healthy;
    assert.deepEqual(judge(cluster([bootstrapping], unlabelled), connected).taints, [
      bootstrapping,
    ]);
    assert.deepEqual(judge(cluster([bootstrapping]), connected).taints, []);
  });

  it('is Unknown when lost, and tainted with the reason beside the taints of others', () => {
    const { condition, taints } = judge(cluster([byUser]), lost);
    assert.equal(condition?.status, 'Unknown');
    assert.deepEqual(taints, [
      byUser,
      {
        key: 'clusters.clusternet.io/unschedulable',
        value: 'ClusterStatusUnknown',
        effect: 'NoSchedule',
        timeAdded: '2026-01-01T00:00:00Z',
      },
    ]);
  });

  it('notes on its taint since when the cluster is not ready, whatever the reason becomes', () => {
    const before = judge(cluster([]), lost).taints;
    const sick = cluster(before, { ...healthy, healthz: false, readyz: false });
    const later = judge(sick, connected, new Date('2026-01-01T00:10:00Z')).taints;
    const { timeAdded: _, ...undated } = later[0] as Taint;
    assert.equal(later[0]?.timeAdded, '2026-01-01T00:00:00Z');
    const stamped = judge({ ...sick, spec: { ...sick.spec, taints: [undated] } }, connected).taints;
    assert.equal(stamped[0]?.timeAdded, '2026-01-01T00:00:00Z');
  });

  it('is False when its own API server is not ready, and the taint takes over the new reason', () => {
    const before = judge(cluster([]), lost).taints;
    const sick = { ...healthy, healthz: false, readyz: false };
    const { condition, taints } = judge(cluster(before, sick), connected);
    assert.equal(condition?.status, 'False');
    assert.deepEqual(
      taints.map(({ value }) => value),
      ['ManagedClusterNotReady'],
    );
  });

  it('says nothing while nothing can be concluded', () => {
    const subject = cluster([byUser]);
    assert.equal(readyCondition(unsure, subject.status), undefined);
    assert.equal(judge(subject, unsure).taints, subject.spec.taints);
  });

  it('comes to rest: judged again, nothing is news and the list of taints is the same one', () => {
    const connection = fc.constantFrom(connected, lost, unsure, never);
    const taint = fc.constantFrom(bootstrapping, byUser);
    fc.assert(
      fc.property(connection, fc.uniqueArray(taint), fc.boolean(), (state, taints, well) => {
        const subject = cluster(taints, { ...healthy, healthz: well, readyz: well });
        const first = judge(subject, state);
        const conditions = first.condition
          ? [{ ...first.condition, lastTransitionTime: '2026-01-01T00:00:00Z' }]
          : [];
        const after = cluster(first.taints, { ...subject.status, conditions });
        const second = judge(after, state);
        assert.equal(second.taints, after.spec.taints);
        if (second.condition) assert.equal(isNews(after.status, second.condition), false);
        assert.ok(!taints.includes(byUser) || second.taints.includes(byUser));
      }),
    );
  });
});

describe('bootstrapWanted', () => {
  const away = (since: string) =>
    cluster([], {
      conditions: [
        {
          type: 'Ready',
          status: 'Unknown',
          reason: 'ClusterStatusUnknown',
          message: '',
          lastTransitionTime: since,
        },
      ],
    });
  const now = new Date('2026-01-02T00:00:00Z');

  it('removes the bootstrap account once the cluster is connected', () => {
    assert.deepEqual(bootstrapWanted(cluster([]), connected, now), { wanted: false });
  });

  it('wants it again after twelve hours away, and not a moment earlier', () => {
    assert.deepEqual(bootstrapWanted(away('2026-01-01T12:00:00Z'), lost, now), { wanted: true });
    assert.deepEqual(bootstrapWanted(away('2026-01-01T12:00:01Z'), lost, now), {
      askAgainMs: 1_000,
    });
  });

  it('leaves the account of a cluster alone that has not joined yet', () => {
    assert.deepEqual(bootstrapWanted(away('2025-01-01T00:00:00Z'), never, now), {});
  });
});
