import { Type } from 'typebox';
import { mapOf, type TypeOf } from './schema.ts';

const requirement = Type.Object(
  {
    key: Type.String({ description: 'The label key.' }),
    operator: Type.String({ description: 'In, NotIn, Exists or DoesNotExist.' }),
    values: Type.Optional(
      Type.Array(Type.String(), {
        description: 'At least one value for In and NotIn; none for Exists and DoesNotExist.',
        'x-kubernetes-list-type': 'atomic',
      }),
    ),
  },
  { description: 'One requirement on a label.' },
);

/** metav1.LabelSelector. */
export function labelSelector(description: string) {
  return Type.Object(
    {
      matchLabels: Type.Optional(
        mapOf(Type.String(), { description: 'Labels that must all have exactly these values.' }),
      ),
      matchExpressions: Type.Optional(
        Type.Array(requirement, {
          description: 'Requirements that must all hold.',
          'x-kubernetes-list-type': 'atomic',
        }),
      ),
    },
    { description, 'x-kubernetes-map-type': 'atomic' },
  );
}

export type LabelSelector = TypeOf<ReturnType<typeof labelSelector>>;
