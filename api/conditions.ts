import { Type } from 'typebox';
import { dateTime, int64, listMap, oneOf } from './schema.ts';

/** metav1.Condition as Kubernetes validates it. */
export const conditionSchema = Type.Object(
  {
    type: Type.String({
      description: 'What is judged, in CamelCase.',
      maxLength: 316,
      pattern:
        '^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$',
    }),
    status: oneOf(['True', 'False', 'Unknown'], { description: 'The verdict.' }),
    reason: Type.String({
      description: 'Why, in one CamelCase word programs can rely on.',
      minLength: 1,
      maxLength: 1024,
      pattern: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$',
    }),
    message: Type.String({ description: 'Why, in words for people.', maxLength: 32768 }),
    lastTransitionTime: dateTime({ description: 'When status last changed.' }),
    observedGeneration: Type.Optional(
      int64({ description: 'The metadata.generation that was judged.', minimum: 0 }),
    ),
  },
  { description: 'One aspect of the current state of the object.' },
);

/** The usual `status.conditions`: one condition per type. */
export function conditionList() {
  return listMap(conditionSchema, ['type'], {
    description: 'The current state of the object, one aspect each.',
  });
}
