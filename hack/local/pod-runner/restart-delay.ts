const firstDelayMs = 10_000;
const longestDelayMs = 300_000;
/** A container that ran this long has its earlier failures forgiven. */
const forgivenAfterMs = 600_000;

/** How often a container has failed in a row, and how long it must wait before it is started again. */
export interface RestartDelay {
  readonly failures: number;
  readonly delayMs: number;
}

/** The delay after one more end, by the kubelet's rule: at once the first time, then 10 s, doubling to 5 minutes. */
export function nextRestartDelay(previous: RestartDelay | undefined, ranMs: number): RestartDelay {
  const failures = previous === undefined || ranMs >= forgivenAfterMs ? 0 : previous.failures + 1;
  const delayMs = failures === 0 ? 0 : Math.min(firstDelayMs * 2 ** (failures - 1), longestDelayMs);
  return { failures, delayMs };
}
