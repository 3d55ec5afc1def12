import assert from 'node:assert/strict';
import type { DynamicObject } from '../../api/kube-object.ts';
import { observe } from './observed-object.ts';

function deployment(...managedFields: object[]): DynamicObject {
  const metadata = {
    name: 'web',
    namespace: 'shop',
    uid: 'u',
    labels: { big: 'x' },
    managedFields,
  };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: {}, status: { replicas: 1 } };
}

const entry = (manager: string, operation: string, fields: object, subresource = '') => ({
  manager,
  operation,
  ...(subresource === '' ? {} : { subresource }),
  fieldsV1: fields,
});
const ours = (fields: object) => entry('clusternet-agent', 'Apply', fields);

describe('observe', () => {
  it('keeps the status and drops the rest', () => {
    const seen = observe(deployment(ours({ 'f:data': {} })));
    assert.deepEqual(seen.status, { replicas: 1 });
    assert.equal(JSON.stringify(seen).includes('big'), false);
    assert.equal('spec' in seen, false);
  });

  it('shows drift when, and only when, a field of ours has changed hands', () => {
    const before = observe(deployment(ours({ 'f:a': {}, 'f:b': {} })));
    const others = entry('kubectl', 'Update', { 'f:c': {} });
    const extended = observe(deployment(ours({ 'f:a': {}, 'f:b': {} }), others));
    const taken = observe(
      deployment(ours({ 'f:a': {} }), entry('kubectl', 'Update', { 'f:b': {} })),
    );
    assert.equal(extended.ownFields, before.ownFields);
    assert.notEqual(taken.ownFields, before.ownFields);
  });

  it('does not take what the agent wrote by other means, or into a subresource, for applied', () => {
    const updates = entry('clusternet-agent', 'Update', { 'f:a': {} });
    const status = entry('clusternet-agent', 'Apply', { 'f:status': {} }, 'status');
    assert.equal(observe(deployment(updates, status)).ownFields, '');
  });

  it('tells that somebody scales it', () => {
    const fields = { 'f:spec': { 'f:replicas': {} } };
    assert.ok(observe(deployment(entry('hpa', 'Update', fields, 'scale'))).scaled);
    assert.ok(!observe(deployment(entry('kubectl', 'Update', fields))).scaled);
  });
});
