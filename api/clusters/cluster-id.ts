import { Type } from 'typebox';

/** The UUID of a child cluster: the UID of its agent's Lease. */
export function clusterId() {
  return Type.String({
    description: 'The UUID of the child cluster.',
    pattern: '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$',
  });
}
