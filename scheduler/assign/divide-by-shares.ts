import { largest } from './largest.ts';
import { proportion } from './proportion.ts';
import { sum } from './sum.ts';

/**
 * Divides `amount` in proportion to shares that nobody may exceed, by largest remainder: `floor(amount * share /
 * sum)` each, and what is left over, one each, to the largest remainders; of equal ones to the first. All shares
 * together when they are less than `amount`.
 */
export function divideByShares(amount: number, shares: readonly number[]): readonly number[] {
  const total = sum(shares);
  if (total <= amount) return shares;
  const parts = shares.map(share => proportion(amount, share, total));
  const replicas = parts.map(({ whole }) => whole);
  const remainders = parts.map(({ rest }) => rest);
  for (const index of largest(remainders, amount - sum(replicas))) {
    replicas[index] = (replicas[index] ?? 0) + 1;
  }
  return replicas;
}
