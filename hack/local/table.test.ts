import assert from 'node:assert/strict';
import { formatTable } from './table.ts';

describe('formatTable', () => {
  it('aligns columns and leaves no trailing blanks', () => {
    const rows = [
      { name: 'parent', ready: 'yes' },
      { name: 'c1', ready: 'no' },
    ];
    assert.equal(
      formatTable(['name', 'ready'], rows),
      ['NAME     READY', 'parent   yes', 'c1       no'].join('\n'),
    );
  });

  it('prints the headings alone when there are no rows', () => {
    assert.equal(formatTable(['name', 'ready'], []), 'NAME   READY');
  });
});
