import assert from 'node:assert/strict';
import { propagatedLabels } from './propagation.ts';
import { provenanceLabels } from './provenance.ts';
import { readCluster } from './read-cluster.ts';

describe('provenanceLabels', () => {
  it('tells where a cluster comes from, and leaves out what does not fit into a label', () => {
    const cluster = readCluster({
      apiVersion: 'cluster.x-k8s.io/v1beta2',
      kind: 'Cluster',
      metadata: { namespace: 'team', name: 'x'.repeat(64) },
      spec: {
        topology: { classRef: { name: 'standard' }, version: 'v1.36.3+k3s1' },
        infrastructureRef: { apiGroup: 'i', kind: 'LocalCluster', name: 'a' },
      },
    });
    assert.deepEqual(provenanceLabels(cluster), {
      'capi.clusternet.io/namespace': 'team',
      'capi.clusternet.io/class': 'standard',
      'capi.clusternet.io/class-namespace': 'team',
      'capi.clusternet.io/infrastructure': 'LocalCluster',
      'capi.clusternet.io/kubernetes-minor': '1.36',
    });
  });
});

describe('propagatedLabels', () => {
  const labels = { tier: 'gold', 'team.test/a': '1', 'team.test/b': '2', 'x-k8s.io/c': '3' };

  it('copies by key and by prefix, under a new name where one is given', () => {
    assert.deepEqual(propagatedLabels(labels, [{ key: 'tier' }, { prefix: 'team.test/' }]), {
      tier: 'gold',
      'team.test/a': '1',
      'team.test/b': '2',
    });
    assert.deepEqual(propagatedLabels(labels, [{ prefix: 'team.test/', rename: 'org.test/' }]), {
      'org.test/a': '1',
      'org.test/b': '2',
    });
    assert.deepEqual(propagatedLabels(labels, [{ key: 'tier', rename: 'class' }]), {
      class: 'gold',
    });
  });

  it('never copies the books of other tools, nor makes a key that Kubernetes refuses', () => {
    const tools = {
      'cluster.x-k8s.io/x': '1',
      'kubernetes.io/x': '1',
      'app.kubernetes.io/managed-by': 'Helm',
      'argocd.argoproj.io/instance': 'x',
    };
    const rules = Object.keys(tools).map(key => ({ key }));
    assert.deepEqual(propagatedLabels(tools, rules), {});
    assert.deepEqual(propagatedLabels(labels, [{ key: 'tier', rename: 'not a key' }]), {});
  });
});
