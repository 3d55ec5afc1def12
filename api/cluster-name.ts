import { createHash } from 'node:crypto';
import { isDnsLabel } from './label-syntax.ts';

/**
 * The name of the ManagedCluster of a Cluster: the Cluster's own when that is a DNS label, else its first
 * 54 characters made safe, and 8 hexadecimal digits that tell it from others.
 */
export function managedClusterName(owner: {
  readonly namespace: string;
  readonly name: string;
}): string {
  if (isDnsLabel(owner.name)) return owner.name;
  const safe = owner.name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, 54)
    .replace(/-$/, '');
  const digits = createHash('sha256').update(`${owner.namespace}/${owner.name}`).digest('hex');
  return `${safe || 'cluster'}-${digits.slice(0, 8)}`;
}
