import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  formatSelector,
  type LabelSelector,
  matchesSelector,
  parseSelector,
  validateSelector,
} from './label-selector.ts';

const key = fc.constantFrom('app', 'tier', 'node.clusternet.io/gpu', 'a.b/c_d');
const value = fc.constantFrom('', 'web', 'db', 'v1.2', 'A-b_c');
const labelSets = fc.dictionary(key, value);
const expression = fc.oneof(
  fc.record({
    key,
    operator: fc.constantFrom('In', 'NotIn'),
    values: fc.array(value, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ key, operator: fc.constantFrom('Exists', 'DoesNotExist') }),
);
const selectors: fc.Arbitrary<LabelSelector> = fc.record(
  { matchLabels: labelSets, matchExpressions: fc.array(expression, { maxLength: 4 }) },
  { requiredKeys: [] },
);

describe('label selectors', () => {
  it('match nothing when absent and everything when empty', () => {
    fc.assert(
      fc.property(labelSets, labels => {
        assert.equal(matchesSelector(undefined, labels), false);
        assert.equal(matchesSelector({}, labels), true);
      }),
    );
  });

  it('know the four operators, and that NotIn and DoesNotExist hold for an absent key', () => {
    const match = (operator: string, values: string[], labels: Record<string, string>) =>
      matchesSelector({ matchExpressions: [{ key: 'a', operator, values }] }, labels);
    assert.equal(match('In', ['x', 'y'], { a: 'y' }), true);
    assert.equal(match('In', ['x'], {}), false);
    assert.equal(match('NotIn', ['x'], { a: 'x' }), false);
    assert.equal(match('NotIn', ['x'], {}), true);
    assert.equal(match('Exists', [], { a: '' }), true);
    assert.equal(match('Exists', [], {}), false);
    assert.equal(match('DoesNotExist', [], { a: '' }), false);
    assert.equal(match('DoesNotExist', [], {}), true);
  });

  it('do not take properties every JavaScript object has for labels', () => {
    assert.equal(
      matchesSelector({ matchExpressions: [{ key: 'constructor', operator: 'Exists' }] }, {}),
      false,
    );
  });

  it('match nothing when an operator is unknown, and say which field is wrong', () => {
    const selector = { matchExpressions: [{ key: 'a', operator: 'Like', values: ['x'] }] };
    assert.equal(matchesSelector(selector, { a: 'x' }), false);
    assert.deepEqual(validateSelector(selector, 'spec.subscribers[0].clusterAffinity'), [
      'spec.subscribers[0].clusterAffinity.matchExpressions[0].operator: "Like" is not one of In, NotIn, Exists, DoesNotExist',
    ]);
  });

  it('name every malformed key, value and count of values', () => {
    assert.deepEqual(
      validateSelector(
        {
          matchLabels: { 'bad key': 'x', good: '-' },
          matchExpressions: [
            { key: 'a', operator: 'In' },
            { key: 'a', operator: 'Exists', values: ['x'] },
          ],
        },
        's',
      ),
      [
        's.matchLabels: "bad key" is not a label key',
        's.matchLabels[good]: "-" is not a label value',
        's.matchExpressions[0].values: In needs at least one value',
        's.matchExpressions[1].values: Exists takes no values',
      ],
    );
  });

  it('keep their meaning when written as text and read back', () => {
    fc.assert(
      fc.property(selectors, labelSets, (selector, labels) => {
        assert.deepEqual(validateSelector(selector, 's'), []);
        const readBack = parseSelector(formatSelector(selector));
        assert.equal(matchesSelector(readBack, labels), matchesSelector(selector, labels));
      }),
    );
  });

  it("are read in kubectl's spelling", () => {
    assert.deepEqual(parseSelector('a=1, b==2,c!=3,d in (x, y),e notin (z),!f , g'), {
      matchExpressions: [
        { key: 'a', operator: 'In', values: ['1'] },
        { key: 'b', operator: 'In', values: ['2'] },
        { key: 'c', operator: 'NotIn', values: ['3'] },
        { key: 'd', operator: 'In', values: ['x', 'y'] },
        { key: 'e', operator: 'NotIn', values: ['z'] },
        { key: 'f', operator: 'DoesNotExist' },
        { key: 'g', operator: 'Exists' },
      ],
    });
    assert.deepEqual(parseSelector(' '), {});
  });

  it('are refused with the offending part when the text is malformed', () => {
    for (const [text, part] of [
      ['a=1,=2', '"=2"'],
      ['a in (x', '"a in (x"'],
      ['a b', '"a b"'],
      ['a=1,,b', '""'],
      ['-a=1', '"-a"'],
    ] as const) {
      assert.throws(
        () => parseSelector(text),
        (error: Error & { code?: string }) =>
          error.code === 'CN_API_SELECTOR' && error.message.includes(part),
        text,
      );
    }
  });

  it('cannot be written as text with an unknown operator', () => {
    assert.throws(() => formatSelector({ matchExpressions: [{ key: 'a', operator: 'Like' }] }), {
      code: 'CN_API_SELECTOR',
    });
  });
});
