import assert from 'node:assert/strict';
import { type ManagedCluster, managedClusters } from '../../api/clusters/managed-cluster.ts';
import type { KubeObject } from '../../api/kube-object.ts';
import type { Resource } from '../../api/resource.ts';
import { labels } from '../../api/well-known.ts';
import { builtin } from '../../kube/builtin.ts';
import type { ServiceAccount } from '../../kube/builtin-kinds.ts';
import type { Cache } from '../../reconcile/cache.ts';
import { StoreInformer } from '../../reconcile/informer.ts';
import { FakeClock } from '../../test/fake-clock.ts';
import { cutRevokedTunnels } from './cut-revoked-tunnels.ts';

function informerOf<T extends KubeObject>(resource: Resource<T>): StoreInformer<T> {
  const onHandlerError = (error: unknown) => assert.fail(String(error));
  return new StoreInformer<T>(resource, { freeze: true, onHandlerError });
}

function setUp() {
  const clusters = informerOf(managedClusters);
  const accounts = informerOf(builtin.serviceAccounts);
  const cache = {
    informer: ({ plural }: Resource) => (plural === 'managedclusters' ? clusters : accounts),
  } as unknown as Cache;
  const clock = new FakeClock();
  const cuts: string[] = [];
  cutRevokedTunnels({ cache, clock }, { cut: clusterId => cuts.push(clusterId) });
  return { clusters, accounts, clock, cuts };
}

let version = 0;

function account(name: string, uid: string): ServiceAccount {
  const resourceVersion = String(version++);
  const ids = { [labels.clusterId]: 'c1' };
  const metadata = { name, namespace: 'ns', uid, resourceVersion, labels: ids };
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata };
}

function cluster(deletionTimestamp?: string): ManagedCluster {
  const times = deletionTimestamp === undefined ? {} : { deletionTimestamp };
  return {
    apiVersion: 'clusters.clusternet.io/v1beta1',
    kind: 'ManagedCluster',
    metadata: { name: 'edge', namespace: 'ns', resourceVersion: String(version++), ...times },
    spec: { clusterId: 'c1', syncMode: 'Pull' },
  };
}

describe('cutRevokedTunnels', () => {
  it('cuts when a cluster begins to leave and when it has left, not at other changes', () => {
    const { clusters, cuts } = setUp();
    clusters.upsert(cluster());
    clusters.upsert({ ...cluster(), status: { healthz: true } });
    assert.deepEqual(cuts, []);
    clusters.upsert(cluster('2026-01-01T00:00:00Z'));
    clusters.upsert({ ...cluster('2026-01-01T00:00:00Z'), status: { healthz: true } });
    assert.deepEqual(cuts, ['c1']);
    clusters.remove(cluster('2026-01-01T00:00:00Z'));
    assert.deepEqual(cuts, ['c1', 'c1']);
  });

  it('cuts when the account of a child is deleted, and again when nobody can remember its token any more', async () => {
    const { accounts, clock, cuts } = setUp();
    accounts.upsert(account('clusternet-child', 'u1'));
    accounts.remove(account('clusternet-child', 'u1'));
    assert.deepEqual(cuts, ['c1']);
    await clock.advance(30_000);
    assert.deepEqual(cuts, ['c1', 'c1']);
  });

  it('cuts when the account was deleted and made anew while nobody watched', () => {
    const { accounts, cuts } = setUp();
    accounts.upsert(account('clusternet-child', 'u1'));
    accounts.upsert(account('clusternet-child', 'u2'));
    assert.deepEqual(cuts, ['c1']);
  });

  it('does not care for the bootstrap account, which goes after every join', () => {
    const { accounts, cuts } = setUp();
    accounts.upsert(account('clusternet-bootstrap', 'u1'));
    accounts.remove(account('clusternet-bootstrap', 'u1'));
    assert.deepEqual(cuts, []);
  });
});
