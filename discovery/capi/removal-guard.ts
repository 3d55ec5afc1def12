/** Inferred removals that may happen within one window however few clusters there are. */
const alwaysAllowed = 5;
/** Share of all clusters that may be removed within one window. */
const allowedShare = 0.2;

export const removalWindowMs = 10 * 60_000;

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

/** How many inferred removals may happen within one window. */
export function removalLimit(clusters: number): number {
  return Math.max(alwaysAllowed, Math.floor(clusters * allowedShare));
}

/**
 * Whether the removals that are due may go on. Only inferred ones count (a selector, a policy or a label changed, an object is missing
 * from a list): a deletion that somebody recorded is never held. Together above the limit means all that are left are held.
 */
export function mayRemove({ clusters, recent, pending, confirmed }: RemovalLoad): boolean {
  return confirmed || recent + pending <= removalLimit(clusters);
}
