import { sum } from './sum.ts';

/** Divides an amount over some members, given by index; the parts come in the order of the indexes. */
export type Share = (indexes: readonly number[], amount: number) => readonly number[];

/** Lets each group of equal preference, in the given order of preferences, take what it can of the amount. */
export function byPreference(
  preferences: readonly number[],
  order: (a: number, b: number) => number,
  amount: number,
  share: Share,
): readonly number[] {
  const parts = preferences.map(() => 0);
  if (amount === 0) return parts;
  // Mostly nobody is preferred.
  if (preferences.every(each => each === preferences[0])) return share([...parts.keys()], amount);
  const groups = Map.groupBy(preferences.keys(), index => preferences[index] ?? 0);
  let rest = amount;
  for (const preference of [...groups.keys()].sort(order)) {
    const indexes = groups.get(preference) ?? [];
    const taken = share(indexes, rest);
    indexes.forEach((index, position) => {
      parts[index] = taken[position] ?? 0;
    });
    rest -= sum(taken);
  }
  return parts;
}
