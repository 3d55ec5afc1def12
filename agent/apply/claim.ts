import type { KubeObject } from '../../api/kube-object.ts';
import type { InventoryEntry } from './inventory.ts';
import { ownerOf, wasFound } from './observed-object.ts';

/** Whether an object may be applied, and how. */
export type Claim =
  | {
      readonly verdict: 'apply';
      /** Take fields over from other managers. */
      readonly force: boolean;
      /** It was there before us and nobody allowed us to adopt it. */
      readonly found: boolean;
    }
  | { readonly verdict: 'conflict'; readonly message: string };

export interface Claimant {
  /** `namespace.name` of the Description that wants the object. */
  readonly owner: string;
  /** The Description may take over what is there already. */
  readonly adopt: boolean;
  /** Whether that Description is there and wants the object itself. */
  isWantedBy(owner: string): boolean;
}

/** What a Description may do to an object, given what is in its place and what it has noted about it. */
export function judgeClaim(
  live: KubeObject | undefined,
  entry: InventoryEntry | undefined,
  claimant: Claimant,
): Claim {
  if (live === undefined) return { verdict: 'apply', force: true, found: false };
  const owner = ownerOf(live);
  if (owner !== undefined && owner !== claimant.owner && claimant.isWantedBy(owner)) {
    const message = `belongs to Description ${owner}; deliver it by one Subscription only`;
    return { verdict: 'conflict', message };
  }
  const foreign = owner === undefined || entry?.found === true || wasFound(live);
  return { verdict: 'apply', force: !foreign || claimant.adopt, found: foreign && !claimant.adopt };
}

/** What becomes of an object that is no longer wanted. */
export type Farewell =
  /** It is not there any more, or another object is in its place. */
  | 'gone'
  | 'delete'
  /** It stays and loses our marks. */
  | 'release'
  /** Another Description has taken it over. */
  | 'leave';

/** Only the very object that was applied is deleted, and only while it still is this Description's. */
export function judgeFarewell(
  entry: InventoryEntry,
  live: KubeObject | undefined,
  owner: string,
): Farewell {
  if (live === undefined) return 'gone';
  if (entry.uid !== undefined && entry.uid !== live.metadata.uid) return 'gone';
  const liveOwner = ownerOf(live);
  if (liveOwner !== owner) {
    // Never applied, or taken over; without a mark and a UID there is no proof that it is ours.
    return liveOwner === undefined && entry.uid !== undefined && !entry.found ? 'delete' : 'leave';
  }
  return entry.found || wasFound(live) ? 'release' : 'delete';
}
