import type { DynamicObject } from '../../api/kube-object.ts';
import { rankOf } from './apply-order.ts';
import type { InventoryEntry } from './inventory.ts';
import { groupOf } from './object-id.ts';

/** What objects need to be there: it must not be deleted under them. */
export interface Needed {
  readonly namespaces: ReadonlySet<string>;
  /** API groups. */
  readonly groups: ReadonlySet<string>;
}

export function neededBy(objects: readonly DynamicObject[]): Needed {
  return {
    namespaces: new Set(objects.flatMap(({ metadata }) => metadata.namespace ?? [])),
    groups: new Set(objects.map(({ apiVersion }) => groupOf(apiVersion))),
  };
}

/** Whether deleting the entry would take something with it that is wanted: a namespace, or the definition of a kind. */
export function isNeeded(entry: InventoryEntry, { namespaces, groups }: Needed): boolean {
  switch (rankOf(entry)) {
    case 0:
      // A definition is named plural.group. Which of the group's kinds it is does not show, so any of them counts.
      return groups.has(entry.name.slice(entry.name.indexOf('.') + 1));
    case 1:
      return namespaces.has(entry.name);
    default:
      return false;
  }
}
