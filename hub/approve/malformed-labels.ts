import { isLabelKey, isLabelValue } from '../../api/label-syntax.ts';

/** A sentence per entry that Kubernetes would refuse as a label. */
export function malformedLabels(labels: Readonly<Record<string, string>>): string[] {
  return Object.entries(labels).flatMap(([key, value]) => {
    if (!isLabelKey(key)) {
      return [`key ${JSON.stringify(key)} is not [dns-prefix/]name with at most 63 characters`];
    }
    if (isLabelValue(value)) return [];
    const shown = JSON.stringify(value.slice(0, 80));
    return [
      `value ${shown} of ${key} has more than 63 characters or others than letters, digits, - _ .`,
    ];
  });
}
