import { inDeleteOrder, rankOf } from './apply-order.ts';
import { classifyRefusal, type FeedOutcome } from './apply-outcome.ts';
import { inParallel } from './in-parallel.ts';
import { type Inventory, type InventoryEntry, without } from './inventory.ts';
import { isNeeded, type Needed } from './needed.ts';
import { idOf, type ObjectId } from './object-id.ts';
import type { ObjectRemover } from './object-remover.ts';

/** What is left after a step of pruning. */
export interface PruneResult {
  readonly inventory: Inventory;
  /** Objects that are still going, or could not be deleted. */
  readonly remaining: readonly InventoryEntry[];
  readonly outcomes: readonly FeedOutcome[];
}

const atATime = 8;

/**
 * One step towards the entries being gone: what was applied last goes first, and namespaces and definitions only
 * once everything of ours in them has gone. Those that others still need are let go of instead of deleted.
 */
export async function prune(
  remover: ObjectRemover,
  inventory: Inventory,
  entries: readonly InventoryEntry[],
  owner: string,
  needed: () => Needed,
  signal: AbortSignal,
): Promise<PruneResult> {
  const gone = new Set<ObjectId>();
  const outcomes: FeedOutcome[] = [];
  for (const group of inDeleteOrder(entries, entry => entry)) {
    await inParallel(group, atATime, async entry => {
      try {
        const keep = rankOf(entry) < 2 && isNeeded(entry, needed());
        if (await remover.remove(entry, owner, keep, signal)) gone.add(idOf(entry));
      } catch (error) {
        signal.throwIfAborted();
        outcomes.push(failureOf(entry, error));
      }
    });
    if (!group.every(entry => gone.has(idOf(entry)))) break;
  }
  const remaining = entries.filter(entry => !gone.has(idOf(entry)));
  return { inventory: without(inventory, gone), remaining, outcomes };
}

function failureOf(entry: InventoryEntry, error: unknown): FeedOutcome {
  const { group, version, kind, namespace, name } = entry;
  const apiVersion = group === '' ? version : `${group}/${version}`;
  const feed = { apiVersion, kind, ...(namespace === undefined ? {} : { namespace }), name };
  const { reason, message } = classifyRefusal(error, feed);
  return { feed, reason, message: `not deleted: ${message}` };
}
