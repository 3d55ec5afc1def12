import type { LabelSelector } from '../api/label-selector.ts';

/** What every set of labels offers: the demand of selectors that name no label of their own. */
export const anyLabel = '*';

/**
 * What a selector demands, as alternatives to look it up by: whatever it matches offers at least one text of each
 * alternative, see {@link offersOf}. The first one may stand for all.
 */
export function demandsOf(selector: LabelSelector): readonly (readonly string[])[] {
  const exact = Object.entries(selector.matchLabels ?? {}).map(pair => [pair.join('=')]);
  const expressions = selector.matchExpressions ?? [];
  const within = expressions
    .filter(({ operator }) => operator === 'In')
    .map(({ key, values = [] }) => [...new Set(values)].map(value => `${key}=${value}`));
  const existing = expressions
    .filter(({ operator }) => operator === 'Exists')
    .map(({ key }) => [key]);
  return [...exact, ...within, ...existing, [anyLabel]];
}

/** Whether offering one of the texts of its first demand is all a selector asks for. */
export function isSingleDemand({ matchLabels = {}, matchExpressions = [] }: LabelSelector) {
  const requirements = Object.keys(matchLabels).length + matchExpressions.length;
  const [first] = matchExpressions;
  if (requirements === 0) return true;
  return (
    requirements === 1 &&
    (first === undefined || first.operator === 'In' || first.operator === 'Exists')
  );
}

/** The texts under which whatever matches these labels is found. */
export function offersOf(labels: Readonly<Record<string, string>>): readonly string[] {
  return [anyLabel, ...Object.entries(labels).flatMap(([key, value]) => [key, `${key}=${value}`])];
}
