import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Node, Pod } from '../../kube/builtin-kinds.ts';
import { networkRanges } from './network-ranges.ts';
import { nextStatus } from './next-status.ts';
import { nodeFacts, reduceNode } from './node-facts.ts';

function node(ready: string | undefined, capacity: Record<string, string> = {}): Node {
  const conditions = ready === undefined ? [] : [{ type: 'Ready', status: ready as 'True' }];
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {},
    status: { conditions, capacity, allocatable: capacity },
  };
}

function pod(command: string[], args: string[] = []): Pod {
  const containers = [{ name: 'c', command, args }];
  return { apiVersion: 'v1', kind: 'Pod', metadata: {}, spec: { containers } };
}

describe('nodeFacts', () => {
  it('counts nodes by readiness', () => {
    const nodes = [node('True'), node('True'), node('False'), node('Unknown'), node(undefined)];
    assert.deepEqual(nodeFacts(nodes).nodeStatistics, {
      readyNodes: 2,
      notReadyNodes: 1,
      unknownNodes: 1,
      lostNodes: 1,
    });
  });

  it('adds up exactly and tells GPUs only where there are some', () => {
    const nodes = [
      node('True', { cpu: '1500m', memory: '1Gi', 'nvidia.com/gpu': '0' }),
      node('False', { cpu: '500m', memory: '512Mi', pods: '110' }),
      node('True', { cpu: 'many', memory: '0' }),
    ];
    assert.deepEqual(nodeFacts(nodes).capacity, { cpu: '2', memory: '1536Mi' });
    const gpu = node('True', { 'nvidia.com/gpu': '8' });
    assert.equal(nodeFacts([gpu, gpu]).allocatable['nvidia.com/gpu'], '16');
  });
});

describe('reduceNode', () => {
  it('keeps everything that is reported, and nothing else', () => {
    const whole = node('True', { cpu: '4' });
    const metadata = { name: 'n', labels: { a: 'b' }, annotations: { c: 'd' }, managedFields: [] };
    const taints = [{ key: 'a', effect: 'NoSchedule' as const }];
    const full = {
      ...whole,
      metadata,
      spec: { taints, unschedulable: true, podCIDR: '10.0.0.0/24' },
      status: { ...whole.status, images: ['many'] },
    };
    const reduced = reduceNode(full);
    assert.deepEqual(nodeFacts([reduced]), nodeFacts([full]));
    assert.deepEqual(reduced, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n', labels: { a: 'b' } },
      spec: { taints, unschedulable: true },
      status: {
        conditions: [{ type: 'Ready', status: 'True' }],
        capacity: { cpu: '4' },
        allocatable: { cpu: '4' },
      },
    });
  });
});

describe('networkRanges', () => {
  const ranges = (pods: Record<string, Pod[]>, environment = {}) =>
    networkRanges(selector => pods[selector] ?? [], environment);

  it('reads both ways of writing a flag, also inside a shell command', () => {
    assert.deepEqual(
      ranges({
        'component=kube-apiserver': [
          pod(['kube-apiserver', '--service-cluster-ip-range=10.0.0.0/12']),
        ],
        'k8s-app=kube-proxy': [pod(['sh', '-c', 'exec kube-proxy --cluster-cidr 10.244.0.0/16'])],
      }),
      { serviceCIDR: '10.0.0.0/12', clusterCIDR: '10.244.0.0/16' },
    );
  });

  it('falls back to the environment and leaves out what nobody knows', () => {
    const mute = { 'component=kube-controller-manager': [pod([], ['--cluster-cidr'])] };
    assert.deepEqual(ranges(mute, { CLUSTER_CIDR: '10.1.0.0/16' }), { clusterCIDR: '10.1.0.0/16' });
  });

  it('never throws, whatever the command line', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), words => {
        ranges({ 'component=kube-controller-manager': [pod([...words, '--cluster-cidr'])] });
      }),
    );
  });
});

describe('nextStatus', () => {
  const now = new Date('2026-01-01T00:00:00.123Z');

  it('returns the very same status when the facts bring nothing new', () => {
    const current = { lastObservedTime: '2025-01-01T00:00:00Z', k8sVersion: 'v1', conditions: [] };
    assert.equal(nextStatus(current, { k8sVersion: 'v1' }, now), current);
  });

  it('takes out a fact there is nothing to say of any more', () => {
    const current = { lastObservedTime: '2025-01-01T00:00:00Z', predictorAddress: 'http://a' };
    const next = nextStatus(current, { predictorAddress: undefined }, now);
    assert.deepEqual(next, { lastObservedTime: '2026-01-01T00:00:00Z' });
    assert.equal(nextStatus(next, { predictorAddress: undefined }, now), next);
  });

  it('moves the time of observation together with a change, and keeps what others wrote', () => {
    const conditions = [
      { type: 'Ready', status: 'True' as const, reason: 'R', message: '', lastTransitionTime: '' },
    ];
    assert.deepEqual(nextStatus({ conditions, k8sVersion: 'v1' }, { k8sVersion: 'v2' }, now), {
      conditions,
      k8sVersion: 'v2',
      lastObservedTime: '2026-01-01T00:00:00Z',
    });
  });
});
