import assert from 'node:assert/strict';
import type { KubeObject } from '../../api/kube-object.ts';
import { kubeconfig } from '../../test/fake-world.ts';
import { readKubeconfigSecret } from './kubeconfig-secret.ts';
import { readCluster } from './read-cluster.ts';

const cluster = readCluster({
  apiVersion: 'cluster.x-k8s.io/v1beta2',
  kind: 'Cluster',
  metadata: { namespace: 'team', name: 'one' },
  spec: { controlPlaneRef: { apiGroup: 'controlplane.test', kind: 'Plane', name: 'one-plane' } },
});

function secret(parts: { type?: string; labels?: object; owner?: object; data?: object } = {}) {
  const { type = 'cluster.x-k8s.io/secret', owner } = parts;
  const value = Buffer.from(kubeconfig('https://one.test')).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 'one-kubeconfig',
      labels: { ...(parts.labels ?? { 'cluster.x-k8s.io/cluster-name': 'one' }) },
      ...(owner ? { ownerReferences: [{ uid: 'u', ...owner }] } : {}),
    },
    type,
    data: parts.data ?? { value },
  } as unknown as KubeObject;
}

const plane = { apiVersion: 'controlplane.test/v1', kind: 'Plane', name: 'one-plane' };

describe('readKubeconfigSecret', () => {
  it('accepts a Secret of the contract, and an Opaque one that the control plane owns', () => {
    assert.ok(readKubeconfigSecret(secret(), cluster).accepted);
    assert.ok(readKubeconfigSecret(secret({ type: 'Opaque', owner: plane }), cluster).accepted);
  });

  it('refuses a Secret that anybody could have made, and says what is wrong', () => {
    const cases = [
      [secret({ labels: {} }), /label cluster\.x-k8s\.io\/cluster-name must be one/],
      [secret({ labels: { 'cluster.x-k8s.io/cluster-name': 'two' } }), /must be one/],
      [secret({ type: 'Opaque' }), /type must be cluster\.x-k8s\.io\/secret/],
      [secret({ type: 'Opaque', owner: { ...plane, name: 'other' } }), /type must be/],
      [secret({ data: {} }), /key `value` is missing/],
    ] as const;
    for (const [object, message] of cases) {
      const verdict = readKubeconfigSecret(object, cluster);
      assert.ok(verdict.accepted === undefined);
      assert.match(verdict.message, message);
    }
  });

  it('takes key `value` only, never the first one that looks like it', () => {
    const data = {
      'a.kubeconfig': Buffer.from(kubeconfig('https://evil.test')).toString('base64'),
    };
    assert.equal(readKubeconfigSecret(secret({ data }), cluster).accepted, undefined);
  });
});
