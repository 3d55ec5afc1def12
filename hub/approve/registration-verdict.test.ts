import assert from 'node:assert/strict';
import type { ClusterRegistrationRequest } from '../../api/clusters/cluster-registration-request.ts';
import { annotations, labels } from '../../api/well-known.ts';
import type { Namespace } from '../../kube/builtin-kinds.ts';
import { newManagedCluster } from './child-objects.ts';
import { judgeRegistration } from './registration-verdict.ts';

const clusterId = '3f2b8a90-1111-4222-8333-444455556666';
const key = Buffer.from('a public key').toString('base64');

function request(
  spec: Partial<ClusterRegistrationRequest['spec']> = {},
  over: Partial<ClusterRegistrationRequest> = {},
): ClusterRegistrationRequest {
  return {
    apiVersion: 'clusters.clusternet.io/v1beta1',
    kind: 'ClusterRegistrationRequest',
    metadata: { name: `clusternet-${clusterId}`, uid: 'r1' },
    spec: { clusterId, clusterName: 'edge', ...spec },
    ...over,
  };
}

function namespace(name: string, nsLabels: Record<string, string> = {}): Namespace {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: nsLabels } };
}

const ours = {
  [labels.createdBy]: 'clusternet-agent',
  [labels.clusterId]: clusterId,
};
const unknown = { managedCluster: undefined, namespace: undefined };
const child = { clusterId, clusterName: 'edge', namespace: 'clusternet-3f2b8a90-1111' };
const joined = newManagedCluster(child, request({ publicKey: key }));

describe('judgeRegistration', () => {
  it('approves a well-formed request into a namespace named after the cluster id', () => {
    assert.deepEqual(judgeRegistration(request(), unknown, 'auto'), {
      kind: 'approve',
      namespace: 'clusternet-3f2b8a90-1111',
      clusterName: 'edge',
    });
  });

  it('in manual mode waits until an administrator sets the result', () => {
    assert.equal(judgeRegistration(request(), unknown, 'manual').kind, 'nothing');
    const approved = request({}, { status: { result: 'Approved' } });
    assert.equal(judgeRegistration(approved, unknown, 'manual').kind, 'approve');
  });

  it('denies a request whose name is not that of its cluster id', () => {
    const other = request({}, { metadata: { name: 'clusternet-other' } });
    const verdict = judgeRegistration(other, unknown, 'auto');
    assert.match(verdict.kind === 'deny' ? verdict.message : '', /must be clusternet-3f2b8a90/);
  });

  it('never takes over a namespace that was not made for this cluster, nor waits for it for ever', () => {
    for (const found of [
      namespace('shop'),
      namespace('shop', { ...ours, [labels.clusterId]: 'another' }),
      namespace('shop', { ...ours, [labels.createdBy]: 'somebody' }),
    ]) {
      const known = { managedCluster: undefined, namespace: found };
      const verdict = judgeRegistration(request({ clusterNamespace: 'shop' }), known, 'auto');
      assert.match(verdict.kind === 'deny' ? verdict.message : '', /was not made for cluster/);
    }
    const own = { managedCluster: undefined, namespace: namespace('shop', ours) };
    const verdict = judgeRegistration(request({ clusterNamespace: 'shop' }), own, 'auto');
    assert.equal(verdict.kind, 'approve');
  });

  it('refuses the platform namespaces', () => {
    const verdict = judgeRegistration(
      request({ clusterNamespace: 'kube-system' }),
      unknown,
      'auto',
    );
    assert.equal(verdict.kind, 'deny');
  });

  it('refuses another key for a pinned cluster id, also after the request was deleted and made again', () => {
    const known = { managedCluster: joined, namespace: namespace(child.namespace, ours) };
    const thief = request({ publicKey: Buffer.from('other key').toString('base64') });
    const verdict = judgeRegistration(thief, known, 'auto');
    assert.match(verdict.kind === 'deny' ? verdict.message : '', /kubectl delete managedcluster/);
    assert.equal(judgeRegistration(request({ publicKey: key }), known, 'auto').kind, 'approve');
  });

  it('keeps name and namespace of a cluster that comes back, whatever it asks for now', () => {
    const known = { managedCluster: joined, namespace: undefined };
    const again = request({ clusterName: 'renamed', clusterNamespace: 'elsewhere' });
    assert.deepEqual(judgeRegistration(again, known, 'auto'), {
      kind: 'approve',
      namespace: 'clusternet-3f2b8a90-1111',
      clusterName: 'edge',
    });
  });

  it('leaves denied requests, deleted requests and leaving clusters alone', () => {
    const denied = request({}, { status: { result: 'Denied' } });
    assert.equal(judgeRegistration(denied, unknown, 'auto').kind, 'nothing');
    const leaving = {
      managedCluster: {
        ...joined,
        metadata: { ...joined.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
      },
      namespace: undefined,
    };
    assert.equal(judgeRegistration(request(), leaving, 'auto').kind, 'nothing');
  });

  it('withdraws a request that shall leave before anything was made for it, also a denied one', () => {
    const metadata = {
      name: `clusternet-${clusterId}`,
      annotations: { [annotations.leave]: 'ClusterDeleted' },
    };
    for (const status of [{}, { result: 'Denied' }]) {
      const verdict = judgeRegistration(request({}, { metadata, status }), unknown, 'auto');
      assert.deepEqual(verdict, { kind: 'withdraw', reason: 'ClusterDeleted' });
    }
    const known = { managedCluster: joined, namespace: undefined };
    assert.notEqual(judgeRegistration(request({}, { metadata }), known, 'auto').kind, 'withdraw');
  });

  it('denies labels that Kubernetes would refuse, naming each', () => {
    const verdict = judgeRegistration(
      request({ clusterLabels: { ok: 'yes', 'a/b/c': 'x', zone: 'not a value' } }),
      unknown,
      'auto',
    );
    const message = verdict.kind === 'deny' ? verdict.message : '';
    assert.match(message, /"a\/b\/c"/);
    assert.match(message, /"not a value" of zone/);
    assert.doesNotMatch(message, /\bok\b/);
  });
});

describe('newManagedCluster', () => {
  it('lets no requested label overwrite who the cluster is', () => {
    const forged = request({ clusterLabels: { [labels.clusterId]: 'victim', zone: 'a' } });
    const { metadata, spec } = newManagedCluster(child, forged);
    assert.equal(metadata.labels?.[labels.clusterId], clusterId);
    assert.equal(metadata.labels?.zone, 'a');
    assert.equal(metadata.annotations?.[annotations.agentKey], undefined);
    assert.deepEqual(spec.taints, [
      { key: 'clusters.clusternet.io/bootstrapping', effect: 'NoSchedule' },
    ]);
  });
});
