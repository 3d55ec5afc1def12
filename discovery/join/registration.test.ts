import assert from 'node:assert/strict';
import type { ClusterRegistrationRequest } from '../../api/clusters/cluster-registration-request.ts';
import { Blocked } from './blocked.ts';
import { judgeRequest, type Registration } from './registration.ts';

const clusterId = '3f2b8a90-1111-4222-8333-444455556666';
const wanted: Registration = {
  clusterId,
  owner: 'team/one',
  source: 'capi',
  clusterName: 'one',
  clusterLabels: { 'capi.clusternet.io/cluster': 'one' },
  takeover: undefined,
};
const managedCluster = { namespace: 'clusternet-3f2b8a90-1111', name: 'one' };
const approved = {
  result: 'Approved',
  dedicatedNamespace: managedCluster.namespace,
  managedClusterName: managedCluster.name,
};

function request(
  owner: string | undefined,
  status: ClusterRegistrationRequest['status'] = approved,
): ClusterRegistrationRequest {
  const annotations = owner === undefined ? {} : { 'discovery.clusternet.io/owner': owner };
  return {
    apiVersion: 'clusters.clusternet.io/v1beta1',
    kind: 'ClusterRegistrationRequest',
    metadata: { name: `clusternet-${clusterId}`, annotations },
    spec: { clusterId },
    status,
  };
}

const everybody = () => true;
const nobody = () => false;

function blockedBy(reason: string) {
  return (error: unknown) => error instanceof Blocked && error.reason === reason;
}

describe('judgeRequest', () => {
  it('makes a request that says whose it is, and goes on with it once it is approved', () => {
    const verdict = judgeRequest(undefined, wanted, nobody);
    assert.ok(verdict.do === 'create');
    const { metadata, spec } = verdict.request;
    assert.equal(metadata.name, `clusternet-${clusterId}`);
    assert.equal(metadata.labels?.['discovery.clusternet.io/source'], 'capi');
    assert.equal(metadata.annotations?.['discovery.clusternet.io/owner'], 'team/one');
    assert.deepEqual(spec.clusterLabels, wanted.clusterLabels);
    assert.deepEqual(judgeRequest(request('team/one'), wanted, everybody), {
      do: 'proceed',
      managedCluster,
    });
  });

  it('waits while nobody has answered, and tells a denial with its reason', () => {
    assert.throws(
      () => judgeRequest(request('team/one', {}), wanted, everybody),
      blockedBy('ApprovalPending'),
    );
    const denied = request('team/one', { result: 'Denied', errorMessage: 'not here' });
    assert.throws(() => judgeRequest(denied, wanted, everybody), /not here/);
  });

  it('follows a request made by hand, and takes it over when told to', () => {
    assert.equal(judgeRequest(request(undefined), wanted, everybody).do, 'follow');
    const taking = { ...wanted, takeover: 'Adopt' } as const;
    assert.equal(judgeRequest(request(undefined), taking, everybody).do, 'claim');
  });

  it('refuses the request of a Cluster that exists, and takes over that of one that is gone', () => {
    assert.throws(
      () => judgeRequest(request('team/other'), wanted, everybody),
      blockedBy('ClusterIDInUse'),
    );
    assert.equal(judgeRequest(request('team/other'), wanted, nobody).do, 'claim');
  });
});
