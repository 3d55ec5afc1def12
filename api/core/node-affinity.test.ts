import assert from 'node:assert/strict';
import { allowsNode, type NodePreference } from './node-affinity.ts';
import { matchesTerm } from './node-selector-term.ts';

const node = { name: 'n1', labels: { zone: 'a', cores: '16', empty: '' } };
const required = (...nodeSelectorTerms: object[]): NodePreference =>
  ({
    affinity: {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
    },
  }) as NodePreference;
const expression = (key: string, operator: string, ...values: string[]) => ({
  matchExpressions: [{ key, operator, ...(values.length > 0 && { values }) }],
});

describe('allowsNode', () => {
  it('wants every label of nodeSelector and one term of the required affinity', () => {
    assert.ok(allowsNode({}, node));
    assert.ok(allowsNode({ nodeSelector: { zone: 'a' } }, node));
    assert.ok(!allowsNode({ nodeSelector: { zone: 'a', toString: 'x' } }, node));
    assert.ok(
      allowsNode(required(expression('zone', 'In', 'b'), expression('zone', 'In', 'a')), node),
    );
    assert.ok(!allowsNode(required(expression('zone', 'In', 'b')), node));
    assert.ok(!allowsNode({ nodeSelector: { zone: 'b' }, ...required({}) }, node));
    assert.ok(!allowsNode(required(), node), 'no term matches no node');
  });

  it('matches a node by its name as a field', () => {
    const named = (name: string) => ({
      matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }],
    });
    assert.ok(allowsNode(required(named('n1')), node));
    assert.ok(!allowsNode(required(named('n2')), node));
  });
});

describe('matchesTerm', () => {
  for (const [key, operator, values, expected] of [
    ['zone', 'In', ['a', 'b'], true],
    ['zone', 'NotIn', ['a'], false],
    ['other', 'NotIn', ['a'], true],
    ['empty', 'Exists', [], true],
    ['other', 'Exists', [], false],
    ['other', 'DoesNotExist', [], true],
    ['cores', 'Gt', ['15'], true],
    ['cores', 'Gt', ['16'], false],
    ['cores', 'Lt', ['123456789012345678901234567890'], true],
    ['zone', 'Lt', ['5'], false],
    ['other', 'Gt', ['-1'], false],
    ['zone', 'Like', ['a'], false],
  ] as const) {
    it(`says ${expected} to ${key} ${operator} ${values.join()}`, () => {
      assert.equal(matchesTerm(expression(key, operator, ...values), node.labels), expected);
    });
  }

  it('wants all requirements, and at least one', () => {
    const both = {
      matchExpressions: [
        { key: 'zone', operator: 'Exists' },
        { key: 'other', operator: 'Exists' },
      ],
    };
    assert.equal(matchesTerm(both, node.labels), false);
    assert.equal(matchesTerm({}, node.labels), false);
  });
});
