/** The indexes of the `count` largest values, ascending; of equal ones the first. */
export function largest(values: readonly number[], count: number): readonly number[] {
  if (count <= 0) return [];
  if (count >= values.length) return [...values.keys()];
  // A numeric sort finds the smallest value that is taken; nothing else has to be put in order.
  const threshold = Float64Array.from(values).sort()[values.length - count] ?? 0;
  let ties = count - values.reduce((above, value) => above + (value > threshold ? 1 : 0), 0);
  const taken: number[] = [];
  values.forEach((value, index) => {
    if (value > threshold || (value === threshold && ties-- > 0)) taken.push(index);
  });
  return taken;
}
