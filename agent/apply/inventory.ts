import { idOf, type ObjectId } from './object-id.ts';

/** One object that was applied for a Description, or is about to be. */
export interface InventoryEntry {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  /** Absent until the object has been applied. */
  readonly uid?: string;
  /** It was there before us: when we no longer want it, it stays, without our marks. */
  readonly found?: true;
}

/** By id. */
export type Inventory = ReadonlyMap<ObjectId, InventoryEntry>;

/**
 * Adds what is about to be applied. Of what is known already the UID stays; `found` only while it is still said, and what has a UID
 * without it is ours for good.
 */
export function extend(
  inventory: Inventory,
  entries: readonly Omit<InventoryEntry, 'uid'>[],
): Inventory {
  const extended = new Map(inventory);
  for (const entry of entries) {
    const known = extended.get(idOf(entry));
    const { uid } = known ?? {};
    const mayBeFound = uid === undefined || known?.found === true;
    const { found: _, ...rest } = entry;
    extended.set(idOf(entry), {
      ...rest,
      ...(uid === undefined ? {} : { uid }),
      ...(mayBeFound && entry.found ? { found: entry.found } : {}),
    });
  }
  return extended;
}

/** Notes the UIDs that applying brought to light; a new UID is a new object, which nobody had before us. */
export function settle(inventory: Inventory, uids: ReadonlyMap<ObjectId, string>): Inventory {
  const settled = new Map(inventory);
  for (const [id, uid] of uids) {
    const entry = settled.get(id);
    if (entry === undefined || entry.uid === uid) continue;
    const { found, ...rest } = entry;
    settled.set(id, { ...rest, uid, ...(found && entry.uid === undefined ? { found } : {}) });
  }
  return settled;
}

/** What is in the inventory and no longer wanted. */
export function obsolete(
  inventory: Inventory,
  wanted: ReadonlySet<ObjectId>,
): readonly InventoryEntry[] {
  return [...inventory].filter(([id]) => !wanted.has(id)).map(([, entry]) => entry);
}

/** Forgets what is gone. */
export function without(inventory: Inventory, gone: ReadonlySet<ObjectId>): Inventory {
  return new Map([...inventory].filter(([id]) => !gone.has(id)));
}

/** One line of JSON per object, sorted, so that equal inventories are equal texts. */
export function formatInventory(inventory: Inventory): string {
  const sorted = [...inventory].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([, entry]) => `${JSON.stringify(entry)}\n`).join('');
}

/** Throws on text that is not an inventory: what was applied must not be guessed. */
export function parseInventory(text: string): Inventory {
  const entries = text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as InventoryEntry);
  return new Map(entries.map(entry => [idOf(entry), entry]));
}
