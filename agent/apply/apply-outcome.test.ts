import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { ApiError } from '../../kube/api-error.ts';
import type { Status } from '../../kube/status.ts';
import { classifyRefusal } from './apply-outcome.ts';

const feed = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' };

function refused(code: number, message: string, details: Status['details'] = {}) {
  const status = { kind: 'Status', apiVersion: 'v1', message, details } as const;
  return classifyRefusal(new ApiError(status, code), feed);
}

describe('classifyRefusal', () => {
  it('prints the missing right as a ClusterRole that can be applied', () => {
    const { reason, message } = refused(
      403,
      'deployments.apps "web" is forbidden: User "system:serviceaccount:clusternet-system:clusternet-app-deployer" cannot patch resource "deployments" in API group "apps" in the namespace "shop"',
    );
    assert.equal(reason, 'Forbidden');
    const role = parse(message.slice(message.indexOf('apiVersion:')));
    assert.equal(role.kind, 'ClusterRole');
    assert.equal(role.metadata.labels['clusternet.io/aggregate-to-app-deployer'], 'true');
    assert.deepEqual(role.rules[0].apiGroups, ['apps']);
    assert.deepEqual(role.rules[0].resources, ['deployments']);
    assert.ok(role.rules[0].verbs.includes('patch'));
  });

  it('tells a refused right from a refused object', () => {
    const { reason } = refused(403, 'pods "web" is forbidden: violates PodSecurity "restricted"');
    assert.equal(reason, 'AdmissionDenied');
    const policy = `ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no`;
    assert.equal(refused(422, policy).reason, 'AdmissionDenied');
    assert.equal(
      refused(400, 'admission webhook "w" denied the request: no').reason,
      'AdmissionDenied',
    );
  });

  it('names a missing namespace and one that is going', () => {
    const missing = refused(404, 'namespaces "shop" not found', {
      kind: 'namespaces',
      name: 'shop',
    });
    assert.equal(missing.reason, 'NamespaceMissing');
    assert.match(missing.message, /Deployment shop\/web: namespace shop does not exist/);
    const causes = [{ reason: 'NamespaceTerminating' }];
    assert.equal(refused(403, 'is being terminated', { causes }).reason, 'NamespaceTerminating');
  });

  it('names the manager and the fields of a conflict, and the way to take over', () => {
    const causes = [
      { message: 'conflict with "kubectl" using apps/v1', field: '.spec.replicas' },
      { message: 'conflict with "kubectl" using apps/v1', field: '.spec.paused' },
    ];
    const { reason, message } = refused(409, 'Apply failed with 2 conflicts', { causes });
    assert.equal(reason, 'Conflict');
    assert.match(message, /"kubectl" manages \.spec\.replicas, \.spec\.paused/);
    assert.match(message, /apps\.clusternet\.io\/adopt: "true"/);
  });

  it('tells what is wrong for good from what may pass', () => {
    assert.equal(refused(422, 'spec.selector: field is immutable').reason, 'Immutable');
    assert.equal(refused(422, 'spec.replicas: must be positive').reason, 'Invalid');
    assert.equal(refused(500, 'etcd is slow').reason, 'Unavailable');
    assert.equal(classifyRefusal(new Error('socket hang up'), feed).reason, 'Unavailable');
  });
});
