/** How many attempts have failed in a row; 0 when the tunnel that ended had worked. */
export type Failures = number;

const FIRST_MS = 1_000;
const LATER_MIN_MS = 1_000;
const LATER_MAX_MS = 30_000;

/**
 * Milliseconds to wait before the next attempt: at once (within a second) after a tunnel that worked, then with full
 * jitter from 1 s up to a bound that grows to 30 s, so that agents of one hub do not come back in step.
 */
export function reconnectDelay(failures: Failures, random: () => number = Math.random): number {
  if (failures === 0) return random() * FIRST_MS;
  const bound = Math.min(LATER_MAX_MS, 2_000 * 1.5 ** (failures - 1));
  return LATER_MIN_MS + random() * (bound - LATER_MIN_MS);
}
