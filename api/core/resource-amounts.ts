import { parseQuantity } from '../quantity.ts';

/** core/v1 ResourceList as JSON has it. */
export type ResourceList = Readonly<Record<string, string | number>>;

/** Exact amounts by resource name, in billionths of the unit. */
export type ResourceAmounts = ReadonlyMap<string, bigint>;

/** Reads a list; what is not a quantity is left out, since one such value must not keep the others from being counted. */
export function amountsOf(list: ResourceList = {}): ResourceAmounts {
  const amounts = new Map<string, bigint>();
  for (const [resource, text] of Object.entries(list)) {
    const amount = amountOf(text);
    if (amount !== undefined) amounts.set(resource, amount);
  }
  return amounts;
}

function amountOf(text: string | number): bigint | undefined {
  try {
    return parseQuantity(text).nanos;
  } catch {
    return undefined;
  }
}

/** The sum, resource by resource. */
export function addAmounts(a: ResourceAmounts, b: ResourceAmounts): ResourceAmounts {
  const result = new Map(a);
  for (const [resource, amount] of b) {
    result.set(resource, (result.get(resource) ?? 0n) + amount);
  }
  return result;
}

/** The larger amount of each resource. */
export function largerAmounts(a: ResourceAmounts, b: ResourceAmounts): ResourceAmounts {
  const result = new Map(a);
  for (const [resource, amount] of b) {
    const present = result.get(resource);
    if (present === undefined || present < amount) result.set(resource, amount);
  }
  return result;
}
