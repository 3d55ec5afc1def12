/** `floor(amount * share / total)` and what remains of the division. */
export interface Proportion {
  readonly whole: number;
  /** From 0 to less than `total`: comparable among proportions of one total. */
  readonly rest: number;
}

/**
 * The part of `amount` that `share` of `total` stands for, exact for all whole numbers up to 2^53, whatever their
 * product is; `total` is at least 1.
 */
export function proportion(amount: number, share: number, total: number): Proportion {
  const product = amount * share;
  if (product <= Number.MAX_SAFE_INTEGER) {
    // A quotient of whole numbers below 2^53 is not rounded up to the next whole one; `%` takes many times as long.
    const whole = Math.floor(product / total);
    return { whole, rest: product - whole * total };
  }
  const exact = BigInt(amount) * BigInt(share);
  const divisor = BigInt(total);
  return { whole: Number(exact / divisor), rest: Number(exact % divisor) };
}
