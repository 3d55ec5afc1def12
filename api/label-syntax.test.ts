import assert from 'node:assert/strict';
import { isDnsLabel, isLabelKey, isLabelValue } from './label-syntax.ts';

describe('label syntax', () => {
  it('accepts the keys Kubernetes accepts and no others', () => {
    for (const key of ['a', 'A.b_c-d', 'node.clusternet.io/gpu', `${'a'.repeat(63)}`]) {
      assert.equal(isLabelKey(key), true, key);
    }
    for (const key of ['', '-a', 'a-', '/a', 'a/', 'A.io/a', 'a/b/c', `${'a'.repeat(64)}`, 'a\n']) {
      assert.equal(isLabelKey(key), false, key);
    }
    assert.equal(isLabelKey(`${'a.'.repeat(126)}a/b`), true);
    assert.equal(isLabelKey(`${'a.'.repeat(127)}a/b`), false);
  });

  it('accepts empty values and values of at most 63 characters', () => {
    for (const value of ['', '1', 'A_b.c-d', 'v'.repeat(63)])
      assert.equal(isLabelValue(value), true);
    for (const value of ['-', 'a ', 'a/b', 'v'.repeat(64)])
      assert.equal(isLabelValue(value), false);
  });

  it('tells DNS labels from other names', () => {
    for (const text of ['a', '0-a', 'a'.repeat(63)]) assert.equal(isDnsLabel(text), true);
    for (const text of ['', 'A', 'a.b', '-a', 'a-', 'a'.repeat(64)])
      assert.equal(isDnsLabel(text), false);
  });
});
