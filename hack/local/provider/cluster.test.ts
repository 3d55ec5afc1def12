import assert from 'node:assert/strict';
import type { KubeObject } from '../../../api/kube-object.ts';
import { type Cluster, isPaused, localName, ownerName } from './cluster.ts';

const object = (metadata: KubeObject['metadata']): KubeObject => ({
  apiVersion: 'v',
  kind: 'K',
  metadata,
});
const owner = (apiVersion: string, kind: string) => ({ apiVersion, kind, name: 'mine', uid: 'u' });
const paused = { 'cluster.x-k8s.io/paused': '' };

describe('ownerName', () => {
  it('is the name of the owning Cluster, whatever the version of its API', () => {
    const ownerReferences = [owner('v1', 'Other'), owner('cluster.x-k8s.io/v1beta1', 'Cluster')];
    assert.equal(ownerName(object({ ownerReferences })), 'mine');
  });

  it('is unknown while only others own the object', () => {
    assert.equal(
      ownerName(object({ ownerReferences: [owner('other.io/v1', 'Cluster')] })),
      undefined,
    );
    assert.equal(ownerName(object({})), undefined);
  });
});

describe('isPaused', () => {
  const cluster = (part: Partial<Cluster>): Cluster => ({ ...object({}), ...part });

  it('is what the Cluster says, by field or annotation', () => {
    assert.ok(!isPaused(object({}), cluster({ spec: { paused: false } })));
    assert.ok(isPaused(object({}), cluster({ spec: { paused: true } })));
    assert.ok(isPaused(object({}), cluster({ metadata: { annotations: paused } })));
  });

  it('is what the object says, and true for one that is moved to another management cluster', () => {
    assert.ok(isPaused(object({ annotations: paused }), cluster({})));
    const moved = { 'clusterctl.cluster.x-k8s.io/delete-for-move': '' };
    assert.ok(isPaused(object({ annotations: moved }), undefined));
    assert.ok(!isPaused(object({}), undefined));
  });
});

describe('localName', () => {
  it('tells clusters of equal name in two namespaces apart', () => {
    assert.equal(localName({ namespace: 'default', name: 'a' }), 'a');
    assert.equal(localName({ namespace: 'team', name: 'a' }), 'team.a');
  });
});
