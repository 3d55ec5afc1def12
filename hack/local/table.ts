/** Rows under upper-case headings, in columns as wide as their widest cell: the way kubectl prints lists. */
export function formatTable<C extends string>(
  columns: readonly C[],
  rows: readonly Readonly<Record<C, string>>[],
): string {
  const lines = [
    columns.map(column => column.toUpperCase()),
    ...rows.map(row => columns.map(column => row[column])),
  ];
  const widths = columns.map((_, index) =>
    Math.max(...lines.map(line => line[index]?.length ?? 0)),
  );
  return lines
    .map(line => line.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('   '))
    .map(line => line.trimEnd())
    .join('\n');
}
