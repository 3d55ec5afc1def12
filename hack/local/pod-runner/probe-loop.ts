import { sleep } from '../../../kube/sleep.ts';
import type { Probe } from './pod.ts';
import { noProbes, type ProbeRecord, recordProbe } from './probe-record.ts';

/** Runs one probe: undefined when it succeeded, else what went wrong. */
export type ProbeOnce = (probe: Probe, signal: AbortSignal) => Promise<string | undefined>;

export interface ProbeLoopOptions {
  /** Asks every second while the answer is no. A kubelet keeps to the period, which would make each start as long. */
  readonly eager?: boolean;
}

/** Probes until the signal aborts or `judge`, which sees every verdict, says that it has seen enough. */
export async function probeLoop(
  probe: Probe,
  once: ProbeOnce,
  judge: (verdict: boolean | undefined, failure: string | undefined) => 'more' | 'enough',
  { eager = false }: ProbeLoopOptions,
  signal: AbortSignal,
): Promise<void> {
  const { initialDelaySeconds = 0, periodSeconds = 10 } = probe;
  let record: ProbeRecord = noProbes;
  await sleep(initialDelaySeconds * 1000, signal);
  for (;;) {
    const failure = await once(probe, signal);
    signal.throwIfAborted();
    record = recordProbe(record, failure === undefined, probe);
    if (judge(record.verdict, failure) === 'enough') return;
    const soon = eager && !record.verdict;
    await sleep(1000 * (soon ? Math.min(1, periodSeconds) : periodSeconds), signal);
  }
}
