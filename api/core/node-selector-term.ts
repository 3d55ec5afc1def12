import { Type } from 'typebox';
import { int32 } from '../schema.ts';

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
