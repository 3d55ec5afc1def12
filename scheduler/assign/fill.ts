/** Divides `amount` by filling rooms up one after the other, in the given order of indexes; then of equal ones the first. */
export function fill(
  amount: number,
  rooms: readonly number[],
  order: (a: number, b: number) => number,
): readonly number[] {
  const taken = rooms.map(() => 0);
  let rest = amount;
  for (const index of [...rooms.keys()].sort((a, b) => order(a, b) || a - b)) {
    if (rest === 0) break;
    const part = Math.min(rest, rooms[index] ?? 0);
    taken[index] = part;
    rest -= part;
  }
  return taken;
}
