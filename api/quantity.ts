import { ClusternetError } from './errors.ts';

/** An exact amount, counted in billionths, and the family of suffixes it is written with. */
export interface Quantity {
  readonly nanos: bigint;
  readonly notation: 'decimal' | 'binary' | 'exponent';
}

const nanosPerUnit = 1_000_000_000n;
const decimalExponents: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const binarySuffixes = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const pattern =
  /^(?<sign>[+-]?)(?:(?<whole>\d{1,40})(?:\.(?<fraction>\d{0,40}))?|\.(?<bare>\d{1,40}))(?<suffix>[KMGTPE]i|[numkMGTPE]|[eE](?<exponent>[+-]?\d{1,2}))?$/;

/**
 * Reads a Kubernetes quantity. What is finer than a billionth is rounded away from zero, as Kubernetes does.
 * Throws `CN_API_QUANTITY`.
 */
export function parseQuantity(text: string | number): Quantity {
  const match = pattern.exec(String(text))?.groups;
  if (match === undefined) {
    throw new ClusternetError(
      'CN_API_QUANTITY',
      `${JSON.stringify(text)} is not a quantity: write a number with a suffix such as m, k, M, G, Ki, Mi or Gi`,
    );
  }
  const fraction = match.fraction ?? match.bare ?? '';
  const digits = BigInt(`${match.whole ?? ''}${fraction}`);
  const { scale, divisor, notation } = suffixOf(match.suffix ?? '', match.exponent);
  const magnitude = divideUp(
    digits * scale * nanosPerUnit,
    divisor * 10n ** BigInt(fraction.length),
  );
  return { nanos: match.sign === '-' ? -magnitude : magnitude, notation };
}

interface Suffix {
  readonly scale: bigint;
  readonly divisor: bigint;
  readonly notation: Quantity['notation'];
}

function suffixOf(suffix: string, exponent: string | undefined): Suffix {
  const binary = binarySuffixes.indexOf(suffix);
  if (binary >= 0) return { scale: 1024n ** BigInt(binary + 1), divisor: 1n, notation: 'binary' };
  const power = exponent === undefined ? (decimalExponents[suffix] ?? 0) : Number(exponent);
  const notation = exponent === undefined ? 'decimal' : 'exponent';
  return power >= 0
    ? { scale: 10n ** BigInt(power), divisor: 1n, notation }
    : { scale: 1n, divisor: 10n ** BigInt(-power), notation };
}

function divideUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}

/** The sum, written as `a` is unless `a` is zero. */
export function addQuantity(a: Quantity, b: Quantity): Quantity {
  return { nanos: a.nanos + b.nanos, notation: a.nanos === 0n ? b.notation : a.notation };
}

/** -1, 0 or 1 as `a` is less than, equal to or greater than `b`. */
export function compareQuantity(a: Quantity, b: Quantity): -1 | 0 | 1 {
  if (a.nanos === b.nanos) return 0;
  return a.nanos < b.nanos ? -1 : 1;
}

/** The canonical spelling: the largest suffix that leaves a whole number. */
export function formatQuantity({ nanos, notation }: Quantity): string {
  if (nanos === 0n) return '0';
  if (notation === 'binary') return formatBinary(nanos) ?? formatDecimal(nanos, decimalSuffix);
  return formatDecimal(nanos, notation === 'decimal' ? decimalSuffix : exponentSuffix);
}

/** Amounts below 1024 and those that are not whole have no binary spelling. */
function formatBinary(nanos: bigint): string | undefined {
  if (nanos % nanosPerUnit !== 0n) return undefined;
  let units = nanos / nanosPerUnit;
  if (units > -1024n && units < 1024n) return undefined;
  let steps = 0;
  while (steps < binarySuffixes.length && units % 1024n === 0n) {
    units /= 1024n;
    steps += 1;
  }
  return `${units}${steps === 0 ? '' : binarySuffixes[steps - 1]}`;
}

function formatDecimal(nanos: bigint, suffix: (exponent: number) => string): string {
  let amount = nanos;
  let exponent = -9;
  while (exponent < 18 && amount % 1000n === 0n) {
    amount /= 1000n;
    exponent += 3;
  }
  return `${amount}${suffix(exponent)}`;
}

function decimalSuffix(exponent: number): string {
  return Object.entries(decimalExponents).find(([, value]) => value === exponent)?.[0] ?? '';
}

function exponentSuffix(exponent: number): string {
  return exponent === 0 ? '' : `e${exponent}`;
}
