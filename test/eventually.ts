/** Options of {@link eventually}. */
export interface EventuallyOptions {
  /** Deadline, 15 s unless told. */
  readonly withinMs?: number;
  /** What was waited for; opens the error message. */
  readonly describe?: string;
}

const betweenChecksMs = 10;

/**
 * Repeats `check` until it returns something other than `undefined` or `false` and does not throw;
 * fails at the deadline with the last thing it threw or returned.
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  options: EventuallyOptions = {},
): Promise<Exclude<T, undefined | false>> {
  const { withinMs = 15_000, describe = 'condition' } = options;
  const deadline = performance.now() + withinMs;
  let last: unknown;
  do {
    try {
      const value = await check();
      if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>;
      last = value;
    } catch (error) {
      last = error;
    }
    await new Promise(resolve => setTimeout(resolve, betweenChecksMs));
  } while (performance.now() < deadline);
  const reason = last instanceof Error ? last.message : `last answer: ${String(last)}`;
  throw new Error(`${describe}: not within ${withinMs} ms: ${reason}`, { cause: last });
}
