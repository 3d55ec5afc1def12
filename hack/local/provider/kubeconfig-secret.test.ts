import assert from 'node:assert/strict';
import { kubeconfigSecret } from './kubeconfig-secret.ts';
import type { LocalControlPlane } from './local-control-plane.ts';

describe('kubeconfigSecret', () => {
  it('has the name, type, label, key and owner of the control plane contract', () => {
    const owner: LocalControlPlane = {
      apiVersion: 'controlplane.cluster.x-k8s.io/v1alpha1',
      kind: 'LocalControlPlane',
      metadata: { name: 'west-plane', namespace: 'team', uid: 'uid-1' },
      spec: { version: 'v1.36.3' },
    };
    assert.deepEqual(kubeconfigSecret('west', owner, 'kind: Config\n'), {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: 'west-kubeconfig',
        namespace: 'team',
        labels: { 'cluster.x-k8s.io/cluster-name': 'west' },
        ownerReferences: [
          {
            apiVersion: owner.apiVersion,
            kind: owner.kind,
            name: 'west-plane',
            uid: 'uid-1',
            controller: true,
          },
        ],
      },
      type: 'cluster.x-k8s.io/secret',
      data: { value: Buffer.from('kind: Config\n').toString('base64') },
    });
  });
});
