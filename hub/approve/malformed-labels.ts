const namePattern = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const prefixPattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** A sentence per entry that Kubernetes would refuse as a label. */
export function malformedLabels(labels: Readonly<Record<string, string>>): string[] {
  return Object.entries(labels).flatMap(([key, value]) => {
    if (!isLabelKey(key)) {
      return [`key ${JSON.stringify(key)} is not [dns-prefix/]name with at most 63 characters`];
    }
    if (value !== '' && !namePattern.test(value)) {
      return [
        `value ${JSON.stringify(value.slice(0, 80))} of ${key} has more than 63 characters or others than letters, digits, - _ .`,
      ];
    }
    return [];
  });
}

function isLabelKey(key: string): boolean {
  const parts = key.split('/');
  const [prefix, name] = parts.length === 1 ? [undefined, parts[0]] : parts;
  const prefixFits = prefix === undefined || (prefix.length <= 253 && prefixPattern.test(prefix));
  return parts.length <= 2 && prefixFits && namePattern.test(name ?? '');
}
