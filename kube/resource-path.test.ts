import assert from 'node:assert/strict';
import { builtin } from './builtin.ts';
import { resourcePath } from './resource-path.ts';

describe('resourcePath', () => {
  it('puts the core group under /api and every other under /apis', () => {
    assert.equal(resourcePath(builtin.namespaces), '/api/v1/namespaces');
    assert.equal(resourcePath(builtin.deployments), '/apis/apps/v1/deployments');
  });

  it('names a namespaced object, and its subresource', () => {
    const key = { namespace: 'a', name: 'b' };
    assert.equal(resourcePath(builtin.secrets, key), '/api/v1/namespaces/a/secrets/b');
    assert.equal(
      resourcePath(builtin.serviceAccounts, { ...key, subresource: 'token' }),
      '/api/v1/namespaces/a/serviceaccounts/b/token',
    );
  });

  it('keeps the slashes of a nested subresource and escapes those of a name', () => {
    const path = resourcePath(builtin.nodes, { name: 'a/b', subresource: 'proxy/direct' });
    assert.equal(path, '/api/v1/nodes/a%2Fb/proxy/direct');
  });

  it('refuses an object without name, and a namespaced one without namespace', () => {
    assert.throws(() => resourcePath(builtin.nodes, { name: '' }), /needs a name/);
    assert.throws(() => resourcePath(builtin.secrets, { name: 'x' }), /metadata.namespace/);
  });
});
