/**
 * A signal for everything that a suite waits for, to be made in its `describe`: it aborts when the suite has run for so
 * long. The time counts from the suite's first hook; a suite's file is loaded long before its turn comes.
 */
export function suiteSignal(limitMs: number): AbortSignal {
  const limit = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  before(() => {
    const late = new Error(`the suite has run for more than ${limitMs / 1000} s`);
    timer = setTimeout(() => limit.abort(late), limitMs);
  });
  after(() => clearTimeout(timer));
  return limit.signal;
}
