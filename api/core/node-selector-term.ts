import { Type } from 'typebox';
import { satisfiesRequirement } from '../label-selector.ts';
import { int32, type TypeOf } from '../schema.ts';

const requirement = Type.Object(
  {
    key: Type.String({ description: 'The label key.' }),
    operator: Type.String({ description: 'In, NotIn, Exists, DoesNotExist, Gt or Lt.' }),
    values: Type.Optional(
      Type.Array(Type.String(), {
        description: 'The values the operator compares with.',
        'x-kubernetes-list-type': 'atomic',
      }),
    ),
  },
  { description: 'One requirement on a label or field.' },
);

/** core/v1 NodeSelectorTerm. */
export const nodeSelectorTermSchema = Type.Object(
  {
    matchExpressions: Type.Optional(
      Type.Array(requirement, {
        description: 'Requirements on labels.',
        'x-kubernetes-list-type': 'atomic',
      }),
    ),
    matchFields: Type.Optional(
      Type.Array(requirement, {
        description: 'Requirements on fields.',
        'x-kubernetes-list-type': 'atomic',
      }),
    ),
  },
  {
    description: 'Requirements that must all hold; an empty term matches nothing.',
    'x-kubernetes-map-type': 'atomic',
  },
);

/** core/v1 PreferredSchedulingTerm. */
export const preferredSchedulingTermSchema = Type.Object(
  {
    weight: int32({ description: 'What a match is worth, from 1 to 100.' }),
    preference: nodeSelectorTermSchema,
  },
  { description: 'A wish with a weight.' },
);

type Requirement = TypeOf<typeof requirement>;
type Values = Readonly<Record<string, string>>;

export type NodeSelectorTerm = TypeOf<typeof nodeSelectorTermSchema>;

/**
 * Whether all requirements of the term hold for an object with these labels and fields (of a node only
 * `metadata.name` is one). A term without requirements matches nothing, and so does an unknown operator.
 */
export function matchesTerm(term: NodeSelectorTerm, labels: Values, fields: Values = {}): boolean {
  const { matchExpressions = [], matchFields = [] } = term;
  if (matchExpressions.length + matchFields.length === 0) return false;
  return (
    matchExpressions.every(each => satisfies(each, labels)) &&
    matchFields.every(each => satisfies(each, fields))
  );
}

function satisfies(requirement: Requirement, of: Values): boolean {
  const { key, operator, values = [] } = requirement;
  if (operator !== 'Gt' && operator !== 'Lt') return satisfiesRequirement(requirement, of);
  return Object.hasOwn(of, key) && isBeyond(operator, of[key], values[0]);
}

/** Whole numbers of any size; anything else compares with nothing. */
function isBeyond(operator: 'Gt' | 'Lt', value = '', bound = ''): boolean {
  const whole = /^[+-]?\d{1,40}$/;
  if (!whole.test(value) || !whole.test(bound)) return false;
  const [a, b] = [BigInt(value.replace('+', '')), BigInt(bound.replace('+', ''))];
  return operator === 'Gt' ? a > b : a < b;
}
