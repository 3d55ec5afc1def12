/**
 * Milliseconds a series of builds still takes, from the weights of those done and of those left (the one under way first).
 * Undefined while nothing is done yet: the caches may be cold or warm, and a guess would be off by a factor of fifty.
 */
export function estimateBuild(series: {
  readonly done: readonly number[];
  readonly left: readonly number[];
  readonly elapsedMs: number;
}): number | undefined {
  const done = sum(series.done);
  if (done === 0) return undefined;
  const total = done + sum(series.left);
  // What the build under way has used already is in elapsedMs, so the whole is never less than that.
  const whole = (series.elapsedMs * total) / (done + (series.left[0] ?? 0) / 2);
  return Math.max(0, whole - series.elapsedMs);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
