import type { Probe } from './pod.ts';

/** What a series of probes has shown so far. */
export interface ProbeRecord {
  /** Undefined until a threshold is reached for the first time. */
  readonly verdict: boolean | undefined;
  /** Equal results in a row, the latest included. */
  readonly inARow: number;
  readonly latest: boolean | undefined;
}

export const noProbes: ProbeRecord = { verdict: undefined, inARow: 0, latest: undefined };

/** The record after one more result: a verdict changes when as many equal results in a row came as its threshold asks. */
export function recordProbe(
  { verdict, inARow, latest }: ProbeRecord,
  success: boolean,
  { successThreshold = 1, failureThreshold = 3 }: Probe,
): ProbeRecord {
  const count = success === latest ? inARow + 1 : 1;
  const reached = count >= (success ? successThreshold : failureThreshold);
  return { verdict: reached ? success : verdict, inARow: count, latest: success };
}
