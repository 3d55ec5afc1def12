import { Type } from 'typebox';
import { dateTime, int64, type TypeOf } from './schema.ts';

/** core/v1 Taint. */
export const taintSchema = Type.Object(
  {
    key: Type.String({ description: 'The taint key.' }),
    value: Type.Optional(Type.String({ description: 'The taint value.' })),
    effect: Type.String({ description: 'NoSchedule, PreferNoSchedule or NoExecute.' }),
    timeAdded: Type.Optional(dateTime({ description: 'When the taint was added.' })),
  },
  { description: 'Keeps away whatever does not tolerate it.' },
);

/** core/v1 Toleration. */
export const tolerationSchema = Type.Object(
  {
    key: Type.Optional(
      Type.String({
        description: 'The taint key; empty with operator Exists tolerates every key.',
      }),
    ),
    operator: Type.Optional(Type.String({ description: 'Equal (the default) or Exists.' })),
    value: Type.Optional(Type.String({ description: 'The taint value, for operator Equal.' })),
    effect: Type.Optional(
      Type.String({ description: 'The taint effect; empty tolerates every effect.' }),
    ),
    tolerationSeconds: Type.Optional(
      int64({ description: 'How long a NoExecute taint is tolerated; absent is for ever.' }),
    ),
  },
  { description: 'Tolerates taints that match key, value and effect.' },
);

export type Taint = TypeOf<typeof taintSchema>;
export type Toleration = TypeOf<typeof tolerationSchema>;

/**
 * Whether the toleration covers the taint. An absent key covers every key and needs operator Exists,
 * as Kubernetes documents it.
 */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  switch (toleration.operator || 'Equal') {
    case 'Exists':
      return true;
    case 'Equal':
      return Boolean(toleration.key) && (toleration.value ?? '') === (taint.value ?? '');
    default:
      return false;
  }
}

/** The taints with one of these effects that no toleration covers. */
export function untolerated(
  taints: readonly Taint[],
  tolerations: readonly Toleration[],
  effects: readonly string[],
): readonly Taint[] {
  return taints.filter(
    taint => effects.includes(taint.effect) && !tolerations.some(each => tolerates(each, taint)),
  );
}
