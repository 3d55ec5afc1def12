import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { bases } from '../api/apps/base.ts';
import { type Description, descriptions } from '../api/apps/description.ts';
import { clusterRegistrationRequests } from '../api/clusters/cluster-registration-request.ts';
import { type ManagedCluster, managedClusters } from '../api/clusters/managed-cluster.ts';
import { findCondition } from '../api/conditions.ts';
import {
  annotations,
  finalizers,
  namesFor,
  namespaces,
  serviceAccounts,
} from '../api/well-known.ts';
import { startTestCluster, type TestCluster } from '../hack/local/test-cluster.ts';
import { replicaLeaseName, tunnelLeaseName } from '../hub/tunnel-leases.ts';
import { builtin } from '../kube/builtin.ts';
import type { Lease } from '../kube/builtin-kinds.ts';
import { eventually } from '../test/eventually.ts';
import { suiteSignal } from '../test/suite-signal.ts';
import { type HubProcess, prepareForHub, startHub } from './hub-process.ts';

describe('the life of a cluster in the parent', () => {
  const signal = suiteSignal(170_000);
  let cluster: TestCluster;
  let hub: HubProcess;

  before(async () => {
    cluster = await startTestCluster({}, signal);
    hub = await startHub(cluster, await prepareForHub(cluster, signal));
  });

  after(async () => {
    await hub?.kill('SIGTERM');
    await cluster?.[Symbol.asyncDispose]();
  });

  async function join(): Promise<{ clusterId: string; key: { namespace: string; name: string } }> {
    const clusterId = randomUUID();
    await cluster.client.create(clusterRegistrationRequests, {
      apiVersion: 'clusters.clusternet.io/v1beta1',
      kind: 'ClusterRegistrationRequest',
      metadata: { name: namesFor.registrationRequest(clusterId) },
      spec: { clusterId, clusterName: 'edge' },
    });
    const key = { namespace: namesFor.dedicatedNamespace(clusterId), name: 'edge' };
    await eventually(() => cluster.client.find(managedClusters, key));
    return { clusterId, key };
  }

  function lease(name: string, holderIdentity: string): Lease {
    const renewTime = new Date().toISOString().replace('Z', '000Z');
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace: namespaces.system },
      spec: { holderIdentity, renewTime, leaseDurationSeconds: 15, leaseTransitions: 1 },
    };
  }

  const ready = (subject: ManagedCluster) => findCondition(subject.status?.conditions, 'Ready');
  const taintKeys = ({ spec }: ManagedCluster) => (spec.taints ?? []).map(({ key }) => key);

  it('is Unknown and tainted before the agent connects, Ready and free of taints after', async () => {
    const { clusterId, key } = await join();
    const before = await eventually(async () => {
      const found = await cluster.client.get(managedClusters, key);
      return ready(found) && taintKeys(found).length === 2 ? found : undefined;
    });
    assert.equal(ready(before)?.reason, 'ClusterStatusNeverUpdated');
    await cluster.client.create(builtin.leases, lease(replicaLeaseName('r1'), 'r1'));
    await cluster.client.create(builtin.leases, lease(tunnelLeaseName(clusterId), 'r1'));
    const status = { healthz: true, livez: true, readyz: true, nodeLabels: {} };
    await cluster.client.patch(
      managedClusters,
      key,
      { type: 'merge', body: { status } },
      { subresource: 'status' },
    );
    const after = await eventually(
      async () => {
        const found = await cluster.client.get(managedClusters, key);
        return ready(found)?.status === 'True' && taintKeys(found).length === 0;
      },
      { describe: 'Ready and free of taints' },
    );
    assert.ok(after);
    const account = { namespace: key.namespace, name: serviceAccounts.bootstrap };
    await eventually(
      async () => (await cluster.client.find(builtin.serviceAccounts, account)) === undefined,
      { describe: 'the bootstrap account is gone' },
    );
    await cluster.client.get(builtin.serviceAccounts, {
      namespace: key.namespace,
      name: serviceAccounts.child,
    });
  });

  it('leaves on a recorded intent with all that stood for it, without its agent, and nobody else is touched', async () => {
    const [leaving, staying] = [await join(), await join()];
    const description: Description = {
      apiVersion: 'apps.clusternet.io/v1alpha1',
      kind: 'Description',
      metadata: {
        name: 'app-generic',
        namespace: leaving.key.namespace,
        finalizers: [finalizers.apps],
      },
      spec: { deployer: 'Generic', raw: [] },
    };
    await cluster.client.create(descriptions, description);
    await cluster.client.create(descriptions, {
      ...description,
      metadata: { ...description.metadata, namespace: staying.key.namespace },
    });
    await cluster.client.create(bases, {
      apiVersion: 'apps.clusternet.io/v1alpha1',
      kind: 'Base',
      metadata: { name: 'app', namespace: leaving.key.namespace },
      spec: { feeds: [] },
    });
    const body = { metadata: { annotations: { [annotations.leave]: 'ClusterDeleted' } } };
    await cluster.client.patch(managedClusters, leaving.key, { type: 'merge', body });

    const { clusterId } = leaving;
    const remains = async () => {
      const { client } = cluster;
      const role = namesFor.childClusterRole(clusterId);
      const found = await Promise.all([
        client.find(managedClusters, leaving.key),
        client.find(builtin.namespaces, { name: leaving.key.namespace }),
        client.find(clusterRegistrationRequests, {
          name: namesFor.registrationRequest(clusterId),
        }),
        ...[role, `${role}-bootstrap`].flatMap(name => [
          client.find(builtin.clusterRoles, { name }),
          client.find(builtin.clusterRoleBindings, { name }),
        ]),
      ]);
      return found.filter(object => object !== undefined).map(({ kind }) => kind);
    };
    await eventually(
      async () => {
        const kinds = await remains();
        if (kinds.length > 0) throw new Error(`still there: ${kinds.join(', ')}`);
        return true;
      },
      { withinMs: 10_000, describe: 'everything is gone' },
    );
    const told = await cluster.client.list(builtin.events, { namespace: 'default' });
    const notes = told.items.filter(({ reason }) => reason === 'ClusterLeft').map(e => e.note);
    assert.ok(
      notes.some(note => note?.includes(`Description ${leaving.key.namespace}/app-generic`)),
    );

    const other = await cluster.client.get(managedClusters, staying.key);
    assert.equal(other.metadata.deletionTimestamp, undefined);
    const kept = { namespace: staying.key.namespace, name: 'app-generic' };
    const untouched = await cluster.client.get(descriptions, kept);
    assert.deepEqual(untouched.metadata.finalizers, [finalizers.apps]);
  });

  it('leaves when its ManagedCluster is deleted, and does nothing on a word it does not know', async () => {
    const { key } = await join();
    const body = { metadata: { annotations: { [annotations.leave]: 'Oops' } } };
    await cluster.client.patch(managedClusters, key, { type: 'merge', body });
    const warning = await eventually(async () => {
      const { items } = await cluster.client.list(builtin.events, { namespace: key.namespace });
      return items.find(({ reason }) => reason === 'UnknownLeaveReason');
    });
    assert.match(warning.note ?? '', /ClusterDeleted, Detached, ConfirmedDead/);
    const { metadata } = await cluster.client.get(managedClusters, key);
    assert.equal(metadata.deletionTimestamp, undefined);
    await cluster.client.delete(managedClusters, key);
    await eventually(
      async () =>
        (await cluster.client.find(builtin.namespaces, { name: key.namespace })) === undefined,
      { withinMs: 10_000, describe: 'the namespace is gone' },
    );
  });
});
