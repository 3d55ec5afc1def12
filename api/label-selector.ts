import { Type } from 'typebox';
import { ClusternetError } from './errors.ts';
import { isLabelKey, isLabelValue } from './label-syntax.ts';
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

type Requirement = TypeOf<typeof requirement>;
type Labels = Readonly<Record<string, string>>;

/**
 * Whether `labels` satisfy the selector: `undefined` matches nothing, `{}` matches everything.
 * A requirement with an unknown operator matches nothing; ask `validateSelector` before acting on a "no".
 */
export function matchesSelector(selector: LabelSelector | undefined, labels: Labels = {}): boolean {
  if (selector === undefined) return false;
  const { matchLabels = {}, matchExpressions = [] } = selector;
  // Asked for every cluster of every decision: it makes nothing that has to be cleared away.
  for (const key in matchLabels) {
    if (!Object.hasOwn(labels, key) || labels[key] !== matchLabels[key]) return false;
  }
  return matchExpressions.every(each => satisfiesRequirement(each, labels));
}

/** Whether one requirement holds for these labels; one with an unknown operator does not. */
export function satisfiesRequirement(
  { key, operator, values = [] }: Requirement,
  labels: Labels,
): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}

/** What is wrong with a selector, one sentence each naming the field under `path`; empty when it is sound. */
export function validateSelector(selector: LabelSelector, path: string): string[] {
  const exact = Object.entries(selector.matchLabels ?? {}).flatMap(([key, value]) => [
    ...keyProblems(key, `${path}.matchLabels`),
    ...valueProblems(value, `${path}.matchLabels[${key}]`),
  ]);
  const expressions = (selector.matchExpressions ?? []).flatMap((each, index) =>
    requirementProblems(each, `${path}.matchExpressions[${index}]`),
  );
  return [...exact, ...expressions];
}

function requirementProblems({ key, operator, values = [] }: Requirement, path: string): string[] {
  const problems = keyProblems(key, `${path}.key`);
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) problems.push(`${path}.values: ${operator} needs at least one value`);
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) problems.push(`${path}.values: ${operator} takes no values`);
  } else {
    problems.push(
      `${path}.operator: ${JSON.stringify(operator)} is not one of In, NotIn, Exists, DoesNotExist`,
    );
  }
  return [
    ...problems,
    ...values.flatMap((value, index) => valueProblems(value, `${path}.values[${index}]`)),
  ];
}

function keyProblems(key: string, path: string): string[] {
  return isLabelKey(key) ? [] : [`${path}: ${JSON.stringify(key)} is not a label key`];
}

function valueProblems(value: string, path: string): string[] {
  return isLabelValue(value) ? [] : [`${path}: ${JSON.stringify(value)} is not a label value`];
}

/** The selector as the query parameter `labelSelector` spells it; `{}` is the empty text. */
export function formatSelector(selector: LabelSelector): string {
  const exact = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  return [...exact, ...(selector.matchExpressions ?? []).map(formatRequirement)].join(',');
}

function formatRequirement({ key, operator, values = [] }: Requirement): string {
  switch (operator) {
    case 'In':
      return `${key} in (${values.join(',')})`;
    case 'NotIn':
      return `${key} notin (${values.join(',')})`;
    case 'Exists':
      return key;
    case 'DoesNotExist':
      return `!${key}`;
    default:
      throw new ClusternetError(
        'CN_API_SELECTOR',
        `operator ${JSON.stringify(operator)} is not one of In, NotIn, Exists, DoesNotExist`,
      );
  }
}

const spellings: readonly (readonly [RegExp, (parts: Record<string, string>) => Requirement])[] = [
  [
    /^(?<key>[^\s!=,()]+)\s+(?<operator>in|notin)\s*\((?<values>[^()]*)\)$/,
    ({ key = '', operator, values = '' }) => ({
      key,
      operator: operator === 'in' ? 'In' : 'NotIn',
      values: values.split(',').map(value => value.trim()),
    }),
  ],
  [
    /^(?<key>[^\s!=,()]+)\s*(?<operator>==?|!=)\s*(?<value>[^\s!=,()]*)$/,
    ({ key = '', operator, value = '' }) => ({
      key,
      operator: operator === '!=' ? 'NotIn' : 'In',
      values: [value],
    }),
  ],
  [/^!\s*(?<key>[^\s!=,()]+)$/, ({ key = '' }) => ({ key, operator: 'DoesNotExist' })],
  [/^(?<key>[^\s!=,()]+)$/, ({ key = '' }) => ({ key, operator: 'Exists' })],
];

/** Reads kubectl's spelling (`a=b,c!=d,e in (x,y),!f,g`). Throws `CN_API_SELECTOR`. */
export function parseSelector(text: string): LabelSelector {
  if (text.trim() === '') return {};
  const matchExpressions = splitOutsideParentheses(text).map(part => parseRequirement(part.trim()));
  const problems = validateSelector({ matchExpressions }, 'selector');
  if (problems.length > 0) throw new ClusternetError('CN_API_SELECTOR', problems.join('; '));
  return { matchExpressions };
}

function splitOutsideParentheses(text: string): string[] {
  return text.split(/,(?![^(]*\))/);
}

function parseRequirement(part: string): Requirement {
  for (const [pattern, read] of spellings) {
    const match = pattern.exec(part);
    if (match?.groups) return read(match.groups);
  }
  throw new ClusternetError(
    'CN_API_SELECTOR',
    `${JSON.stringify(part)} is not a requirement: write key, !key, key=value, key!=value, key in (a,b) or key notin (a,b)`,
  );
}
