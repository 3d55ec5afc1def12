import type { SubscriptionSpec } from '../api/apps/subscription.ts';

const offset = 0x811c9dc5;
const prime = 0x01000193;
/** Of specs, which never change: each is asked for several times in a cycle. */
const known = new WeakMap<SubscriptionSpec, number>();

/**
 * A 32-bit FNV-1a hash of a spec: equal for equal specs, however their keys are ordered. Others only compare it
 * with itself; upstream's hash of the same spec differs.
 */
export function specHash(spec: SubscriptionSpec): number {
  return known.getOrInsertComputed(spec, () => {
    const bytes = Buffer.from(JSON.stringify(sortKeys(spec)));
    return bytes.reduce((hash, byte) => Math.imul(hash ^ byte, prime) >>> 0, offset);
  });
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, inner]) => [name, sortKeys(inner)]));
}
