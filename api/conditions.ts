import { Type } from 'typebox';
import type { Condition } from './kube-object.ts';
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

/**
 * The conditions with this one in place. Returns the same list when nothing changes, so that callers can
 * skip a write; lastTransitionTime moves only when the status does.
 */
export function setCondition(
  conditions: readonly Condition[] | undefined,
  condition: Omit<Condition, 'lastTransitionTime'>,
  now: Date,
): readonly Condition[] {
  const present = conditions ?? [];
  const old = findCondition(present, condition.type);
  if (old !== undefined && isSame(old, condition)) return present;
  const lastTransitionTime =
    old?.status === condition.status ? old.lastTransitionTime : toSeconds(now);
  const next = { ...condition, lastTransitionTime };
  return old === undefined ? [...present, next] : present.map(each => (each === old ? next : each));
}

/** The condition of this type, if there is one. */
export function findCondition(
  conditions: readonly Condition[] | undefined,
  type: string,
): Condition | undefined {
  return conditions?.find(each => each.type === type);
}

/** Whether the condition of this type is there and True. */
export function isTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return findCondition(conditions, type)?.status === 'True';
}

function isSame(old: Condition, next: Omit<Condition, 'lastTransitionTime'>): boolean {
  return (
    old.status === next.status &&
    old.reason === next.reason &&
    old.message === next.message &&
    old.observedGeneration === next.observedGeneration
  );
}

/** Kubernetes keeps whole seconds in conditions. */
function toSeconds(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
