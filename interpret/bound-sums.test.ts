import assert from 'node:assert/strict';
import { Environment } from '@marcbachmann/cel-js';
import { boundSums } from './bound-sums.ts';

const environment = new Environment({
  enableOptionalTypes: true,
  homogeneousAggregateLiterals: false,
});
const rewritten = (text: string) => boundSums(environment.parse(text).ast);

describe('boundSums', () => {
  it('hands each sum to bounded(), wherever it stands', () => {
    const expected = {
      '1 + 2 + 3': 'bounded(bounded(1 + 2) + 3)',
      '-(a + b) * 2': '(-bounded(a + b)) * 2',
      'l.map(x, x > 1, x + 1)[a + 1].b': 'l.map(x, x > 1, bounded(x + 1))[bounded(a + 1)].b',
      '{"k" + "": [a + b]}': '{bounded("k" + ""): [bounded(a + b)]}',
      'a ? b + 1 : cel.bind(c, d + e, c)': 'a ? bounded(b + 1) : cel.bind(c, bounded(d + e), c)',
    };
    for (const [text, wanted] of Object.entries(expected)) assert.equal(rewritten(text), wanted);
  });

  it('changes nothing else of an expression, in every form it may have', () => {
    const texts = [
      '1 - (2 - 3)',
      '8 / (4 / 2) % 3 * -1',
      '!(a && b || c) || a && (b || c)',
      '(a ? b : c) ? d : e ? f : g',
      'object.?spec[?"a"].orValue(optional.none().orValue(1u))',
      'has(object.spec.x) && "x" in object.spec',
      "r'a\\d' == '''b\"\n''' || b\"\\x00\" != b'' || '\\u00e9' < \"'\"",
      '[1.5e-10, 0x1F, -9223372036854775808, null, true]',
      '{1: 2, "a": {}}[1] == (l.exists(x, x == 2) ? 1 : size(l))',
    ];
    for (const text of texts) {
      const again = environment.parse(rewritten(text)).ast;
      assert.equal(shapeOf(again), shapeOf(environment.parse(text).ast), text);
    }
  });
});

/** An expression without where its parts stand. */
function shapeOf(ast: unknown): string {
  return JSON.stringify(ast, (name, value) => {
    if (['pos', 'start', 'end'].includes(name)) return undefined;
    return typeof value === 'bigint' ? `${value}n` : value;
  });
}
