import assert from 'node:assert/strict';
import { apiVersionOf } from './resource.ts';

describe('apiVersionOf', () => {
  it('joins group and version, and leaves the core group out', () => {
    assert.equal(apiVersionOf({ group: 'apps', version: 'v1' }), 'apps/v1');
    assert.equal(apiVersionOf({ group: '', version: 'v1' }), 'v1');
  });
});
