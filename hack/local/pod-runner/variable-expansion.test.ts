import assert from 'node:assert/strict';
import fc from 'fast-check';
import { expandVariables } from './variable-expansion.ts';

describe('expandVariables', () => {
  const variables = { HOST: '127.64.0.1', PORT: '6443', EMPTY: '' };

  it('replaces references, also to empty values', () => {
    assert.equal(
      expandVariables('https://$(HOST):$(PORT)$(EMPTY)/', variables),
      'https://127.64.0.1:6443/',
    );
  });

  it('leaves references to unknown variables as they are', () => {
    assert.equal(expandVariables('$(NONE) $(toString)', variables), '$(NONE) $(toString)');
  });

  it('takes a doubled dollar sign as one that begins no reference', () => {
    assert.equal(expandVariables('$$(HOST) $$$(HOST) $$', variables), '$(HOST) $127.64.0.1 $');
  });

  it('leaves shell syntax alone', () => {
    for (const text of ['$HOST', '$(HOST', '$', '$()']) {
      assert.equal(expandVariables(text, variables), text);
    }
  });

  it('gives back any text once its dollar signs are doubled', () => {
    fc.assert(
      fc.property(fc.string(), text => {
        assert.equal(expandVariables(text.replaceAll('$', '$$$$'), variables), text);
      }),
    );
  });
});
