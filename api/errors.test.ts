import assert from 'node:assert/strict';
import { ClusternetError, errorCodes } from './errors.ts';

describe('errors', () => {
  it('carry a code, a message and their cause', () => {
    const cause = new Error('because');
    const error = new ClusternetError('CN_API_SELECTOR', 'no', { cause });
    assert.equal(error.code, 'CN_API_SELECTOR');
    assert.equal(error.cause, cause);
    assert.ok(error instanceof Error);
    assert.equal(String(error), 'ClusternetError: no');
  });

  it('have codes in alphabetical order, each with one plain sentence', () => {
    const codes = Object.keys(errorCodes);
    assert.deepEqual(codes, codes.toSorted());
    for (const [code, sentence] of Object.entries(errorCodes)) {
      assert.match(code, /^CN_[A-Z]+(_[A-Z0-9]+)+$/);
      assert.match(sentence, /^[A-Z].*\.$/, code);
    }
  });
});
