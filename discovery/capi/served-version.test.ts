import assert from 'node:assert/strict';
import { servedVersion } from './served-version.ts';

function definition(names: readonly string[], metadata = {}) {
  const versions = names.map(name => ({ name, served: true }));
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata,
    spec: { versions: [...versions, { name: 'v1beta1', served: false }] },
  };
}

describe('servedVersion', () => {
  it('prefers v1beta2 and falls back to v1beta1', () => {
    assert.equal(servedVersion(definition(['v1beta1', 'v1beta2'])).version, 'v1beta2');
    assert.equal(servedVersion(definition(['v1beta1'])).version, 'v1beta1');
  });

  it('says that Cluster API is not installed, is being removed, or serves nothing we read', () => {
    const leaving = { deletionTimestamp: '2026-01-01T00:00:00Z' };
    for (const [object, reason] of [
      [undefined, 'NotInstalled'],
      [definition(['v1beta2'], leaving), 'BeingRemoved'],
      [definition(['v1', 'v1alpha4']), 'VersionNotReadable'],
    ] as const) {
      const served = servedVersion(object);
      assert.ok(served.version === undefined);
      assert.equal(served.reason, reason);
    }
  });
});
