import assert from 'node:assert/strict';
import type { Pod } from './pod.ts';
import { unsupportedFeatures } from './unsupported-features.ts';

function found(spec: object): string[] {
  return unsupportedFeatures({ spec: { containers: [], ...spec } } as unknown as Pod);
}

describe('unsupportedFeatures', () => {
  it('finds nothing in a pod as Kubernetes fills it in', () => {
    const container = {
      name: 'c',
      image: 'i',
      volumeMounts: [{ name: 'token', mountPath: '/x', subPath: 'y' }],
      livenessProbe: { httpGet: { port: 1 } },
      resources: {},
      terminationMessagePath: '/dev/termination-log',
    };
    assert.deepEqual(
      found({ containers: [container], volumes: [{ name: 'token', projected: {} }] }),
      [],
    );
  });

  it('names each field that it cannot honour', () => {
    const container = {
      name: 'c',
      lifecycle: {},
      volumeMounts: [{ name: 'v' }, { name: 'v', subPathExpr: '$(X)' }],
      readinessProbe: { grpc: { port: 1 } },
    };
    const volumes = [
      { name: 'v', emptyDir: {} },
      { name: 'w', hostPath: { path: '/' } },
    ];
    assert.deepEqual(found({ initContainers: [{}], volumes, containers: [container] }), [
      'spec.initContainers',
      'spec.volumes[1].hostPath',
      'spec.containers[0].lifecycle',
      'spec.containers[0].volumeMounts[1].subPathExpr',
      'spec.containers[0].readinessProbe.grpc',
    ]);
  });
});
