/** The window in which inferred removals are counted together, in milliseconds. */
export const removalWindowMs = 10 * 60_000;

/**
 * How many clusters may be removed within one window because a selector, a policy or a label changed: five, or a fifth of all
 * when that is more. Beyond it somebody has to confirm; a deletion that somebody recorded is never counted.
 */
export function removalLimit(clusters: number): number {
  return Math.max(5, Math.floor(clusters / 5));
}
