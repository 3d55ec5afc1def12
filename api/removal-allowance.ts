import { removalLimit } from './removal-limit.ts';

/** What decides how many inferred removals may go on; a removal whose deletion somebody recorded is never asked about. */
export interface RemovalLoad {
  /** All clusters there were at the begin of the window: those removed within it are counted, too. */
  readonly clusters: number;
  /** Inferred removals that went on within the window. */
  readonly recent: number;
  /** Removals are being held already: then none goes on, however much time passes. */
  readonly holding: boolean;
  /** An administrator has confirmed this very change. */
  readonly confirmed: boolean;
}

/** How many further inferred removals may go on now: up to the limit of the window; the rest is held until somebody confirms. */
export function removalAllowance({ clusters, recent, holding, confirmed }: RemovalLoad): number {
  if (confirmed) return Number.POSITIVE_INFINITY;
  return holding ? 0 : Math.max(0, removalLimit(clusters) - recent);
}
