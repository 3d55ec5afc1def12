import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse } from 'yaml';
import type { DynamicObject } from '../../api/kube-object.ts';
import { readCluster } from './read-cluster.ts';

/** Clusters as API servers serve them, one file per API version. */
function fixture(name: string): DynamicObject {
  return parse(readFileSync(join(import.meta.dirname, 'fixtures', `${name}.yaml`), 'utf8'));
}

function cluster(version: string, rest: object): DynamicObject {
  const apiVersion = `cluster.x-k8s.io/${version}`;
  return { apiVersion, kind: 'Cluster', metadata: { name: 'c' }, ...rest };
}

describe('readCluster', () => {
  it('reads the same cluster alike from v1beta2 and v1beta1', () => {
    const { apiVersion: _, ...v1beta2 } = readCluster(fixture('cluster-v1beta2'));
    const { apiVersion: __, ...v1beta1 } = readCluster(fixture('cluster-v1beta1'));
    assert.deepEqual(v1beta1, v1beta2);
    assert.deepEqual(v1beta2, {
      namespace: 'team-a',
      name: 'edge-1',
      uid: '6a3c7f0e-1f5e-4b7e-9a55-0c1d2e3f4a5b',
      labels: { tier: 'gold' },
      annotations: {},
      deleting: false,
      movedAway: false,
      paused: false,
      controlPlaneInitialized: true,
      waitingFor: undefined,
      phase: 'Provisioned',
      connectionLost: 'Remote connection probe failed',
      clusterClass: { namespace: 'classes', name: 'standard' },
      kubernetesVersion: 'v1.36.3',
      infrastructure: {
        group: 'infrastructure.cluster.x-k8s.io',
        kind: 'LocalCluster',
        name: 'edge-1',
      },
      controlPlane: {
        group: 'controlplane.cluster.x-k8s.io',
        kind: 'LocalControlPlane',
        name: 'edge-1',
      },
    });
  });

  it('takes a control plane of v1beta1 for initialized by its condition, new or old, or by controlPlaneReady', () => {
    const conditions = [{ type: 'ControlPlaneInitialized', status: 'True' }];
    for (const status of [
      { conditions },
      { v1beta2: { conditions } },
      { controlPlaneReady: true },
    ]) {
      const read = readCluster(cluster('v1beta1', { status }));
      assert.equal(read.controlPlaneInitialized, true, JSON.stringify(status));
    }
  });

  it('does not take fields of one version for those of the other', () => {
    const old = cluster('v1beta2', { status: { controlPlaneReady: true } });
    const initialization = { controlPlaneInitialized: true };
    const young = cluster('v1beta1', { status: { initialization } });
    assert.equal(readCluster(old).controlPlaneInitialized, false);
    assert.equal(readCluster(young).controlPlaneInitialized, false);
  });

  it('knows a cluster is paused by its field and by the annotation alike', () => {
    const annotations = { 'cluster.x-k8s.io/paused': '' };
    assert.equal(readCluster(cluster('v1beta2', { spec: { paused: true } })).paused, true);
    assert.equal(
      readCluster(cluster('v1beta2', { metadata: { name: 'c', annotations } })).paused,
      true,
    );
    assert.equal(readCluster(cluster('v1beta2', { spec: { paused: false } })).paused, false);
  });

  it('tells what Cluster API waits for, infrastructure before control plane', () => {
    const conditions = [
      { type: 'ControlPlaneInitialized', status: 'False', reason: 'NotYet', message: '' },
      { type: 'InfrastructureReady', status: 'False', reason: 'X', message: 'no quota' },
    ];
    const read = (list: object[]) =>
      readCluster(cluster('v1beta2', { status: { conditions: list } })).waitingFor;
    assert.equal(read(conditions), 'InfrastructureReady: no quota');
    assert.equal(read(conditions.slice(0, 1)), 'ControlPlaneInitialized: NotYet');
  });

  it('never throws, whatever the object looks like', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('v1beta1', 'v1beta2', 'v9'),
        fc.anything({ maxDepth: 4 }),
        fc.anything({ maxDepth: 4 }),
        (version, spec, status) => {
          const read = readCluster(cluster(version, { spec, status }));
          assert.equal(typeof read.controlPlaneInitialized, 'boolean');
        },
      ),
    );
  });
});
