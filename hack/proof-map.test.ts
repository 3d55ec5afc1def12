import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkProofs, parseProofMap } from './proof-map.ts';

const map = `# Proof
| promise | tests |
| --- | --- |
| a cluster joins | \`join joins\`, \`join twice\` |

Another part:

| promise | tests |
| --- | --- |
| nothing is lost | by inspection |
`;

describe('proof map', () => {
  it('reads the promise and every title of each row of every table', () => {
    assert.deepEqual(parseProofMap(map), [
      { promise: 'a cluster joins', titles: ['join joins', 'join twice'] },
      { promise: 'nothing is lost', titles: [] },
    ]);
  });

  it('names promises without a test, with an unknown test and with a skipped one', () => {
    const states = new Map([['join joins', 'skipped']]);
    assert.deepEqual(checkProofs(parseProofMap(map), states), [
      '"a cluster joins": the test `join joins` was skipped',
      '"a cluster joins": no test has the title `join twice`',
      '"nothing is lost" names no test',
    ]);
  });

  it('holds the test of every deliberate break', () => {
    const root = join(import.meta.dirname, '..');
    const titles = parseProofMap(
      readFileSync(join(root, 'docs/reference/proof.md'), 'utf8'),
    ).flatMap(proof => proof.titles);
    const broken = readdirSync(join(root, 'test/breaks')).map(
      file => /^Breaks: (.+)$/m.exec(readFileSync(join(root, 'test/breaks', file), 'utf8'))?.[1],
    );
    assert.ok(broken.length >= 10);
    assert.deepEqual(
      broken.filter(title => !titles.includes(title ?? '')),
      [],
    );
  });
});
