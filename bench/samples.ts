/** Summary of a series of measurements, in the unit they were taken in. */
export interface Summary {
  readonly count: number;
  readonly min: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Nearest-rank percentiles, rounded to two decimals. Throws when there is nothing to summarise. */
export function summarise(samples: readonly number[]): Summary {
  if (samples.length === 0) throw new Error('no samples');
  const sorted = samples.toSorted((a, b) => a - b);
  const rank = (part: number) =>
    round(sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN);
  return {
    count: sorted.length,
    min: rank(0),
    p50: rank(0.5),
    p95: rank(0.95),
    p99: rank(0.99),
    max: rank(1),
  };
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
