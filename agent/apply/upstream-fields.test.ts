import assert from 'node:assert/strict';
import type { DynamicObject } from '../../api/kube-object.ts';
import { handOverFields } from './upstream-fields.ts';

const entry = (manager: string, operation: string, fieldsV1: object, subresource?: string) => ({
  manager,
  operation,
  apiVersion: 'v1',
  fieldsType: 'FieldsV1',
  fieldsV1,
  ...(subresource === undefined ? {} : { subresource }),
});

function object(managedFields: object[], marked = true): DynamicObject {
  const annotations = marked ? { 'clusternet.io/last-applied-configuration': '{}' } : {};
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'c', annotations, managedFields },
  };
}

describe('handOverFields', () => {
  it("unites upstream's fields with ours and leaves everybody else's alone", () => {
    const kubectl = entry('kubectl', 'Update', { 'f:data': { 'f:c': {} } });
    const status = entry('clusternet-agent', 'Update', { 'f:status': {} }, 'status');
    assert.deepEqual(
      handOverFields(
        object([
          entry('clusternet-agent', 'Update', { 'f:data': { '.': {}, 'f:a': {} } }),
          kubectl,
          entry('clusternet-controller-manager', 'Update', { 'f:data': { 'f:b': {} } }),
          entry('clusternet-agent', 'Apply', { 'f:data': { 'f:a': {}, 'f:d': {} } }),
          status,
        ]),
      ),
      [
        entry('clusternet-agent', 'Apply', {
          'f:data': { 'f:a': {}, 'f:d': {}, '.': {}, 'f:b': {} },
        }),
        kubectl,
        status,
      ],
    );
  });

  it('concerns only what upstream delivered', () => {
    const update = entry('clusternet-agent', 'Update', { 'f:data': {} });
    assert.equal(handOverFields(object([update], false)), undefined);
    assert.equal(handOverFields(object([entry('kubectl', 'Update', {})])), undefined);
  });

  it('does not mix the fields of different versions', () => {
    const old = { ...entry('clusternet-agent', 'Update', { 'f:old': {} }), apiVersion: 'v1beta1' };
    const present = entry('clusternet-agent', 'Update', { 'f:data': {} });
    assert.deepEqual(handOverFields(object([present, old])), [
      entry('clusternet-agent', 'Apply', { 'f:data': {} }),
      old,
    ]);
  });
});
