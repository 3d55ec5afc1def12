const name = '[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?';
const dnsLabel = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const keyPattern = new RegExp(`^((?<prefix>${dnsLabel}(\\.${dnsLabel})*)/)?(?<name>${name})$`);
const valuePattern = new RegExp(`^(${name})?$`);
const dnsLabelPattern = new RegExp(`^${dnsLabel}$`);

/** Whether Kubernetes accepts `key` as the key of a label. */
export function isLabelKey(key: string): boolean {
  const parts = keyPattern.exec(key)?.groups;
  return (
    parts !== undefined && (parts.prefix ?? '').length <= 253 && (parts.name ?? '').length <= 63
  );
}

/** Whether Kubernetes accepts `value` as the value of a label. */
export function isLabelValue(value: string): boolean {
  return value.length <= 63 && valuePattern.test(value);
}

/** Whether `text` is a DNS label of at most 63 characters, as most Kubernetes names must be. */
export function isDnsLabel(text: string): boolean {
  return text.length <= 63 && dnsLabelPattern.test(text);
}
