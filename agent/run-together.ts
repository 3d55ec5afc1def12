/** A part of a process that runs until its signal aborts. */
export type Task = (signal: AbortSignal) => Promise<void>;

/** Runs tasks side by side until `signal` aborts; when one fails, ends the others and throws what it threw. */
export async function runTogether(tasks: readonly Task[], signal: AbortSignal): Promise<void> {
  const failed = new AbortController();
  const running = AbortSignal.any([signal, failed.signal]);
  const outcomes = tasks.map(async task => {
    try {
      await task(running);
    } catch (error) {
      if (!running.aborted) failed.abort(error);
    }
  });
  await Promise.all(outcomes);
  if (failed.signal.aborted) throw failed.signal.reason;
}
