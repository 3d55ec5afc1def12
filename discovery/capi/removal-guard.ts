import { removalLimit } from '../../api/removal-limit.ts';

export interface RemovalLoad {
  /** All clusters that discovery has joined or is joining, those about to be removed included. */
  readonly clusters: number;
  /** Inferred removals carried out within the last window. */
  readonly recent: number;
  /** Inferred removals that are due now. */
  readonly pending: number;
  /** An administrator has confirmed this very change. */
  readonly confirmed: boolean;
}

/**
 * Whether the removals that are due may go on. Only inferred ones count (a selector, a policy or a label changed, an object is missing
 * from a list): a deletion that somebody recorded is never held. Together above the limit means all that are left are held.
 */
export function mayRemove({ clusters, recent, pending, confirmed }: RemovalLoad): boolean {
  return confirmed || recent + pending <= removalLimit(clusters);
}
