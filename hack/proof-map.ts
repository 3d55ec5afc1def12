/** One line of docs/reference/proof.md: a promise and the full titles of the tests that prove it. */
export interface Proof {
  readonly promise: string;
  readonly titles: readonly string[];
}

const separator = /^\|[\s|:-]+\|$/;

/** Reads the rows of every table of a proof map: first column the promise, last column test titles in backticks. */
export function parseProofMap(markdown: string): Proof[] {
  const lines = markdown.split('\n');
  const isHead = (index: number): boolean => separator.test(lines[index + 1] ?? '');
  return lines
    .filter((line, index) => line.startsWith('|') && !separator.test(line) && !isHead(index))
    .map(line => {
      const cells = line.split(/(?<!\\)\|/).slice(1, -1);
      const titles = [...(cells.at(-1) ?? '').matchAll(/`([^`]+)`/g)].map(match => match[1] ?? '');
      return { promise: (cells[0] ?? '').trim(), titles };
    });
}

/** What is wrong with a proof map, given the state (`passed`, `failed`, `skipped`) of every test that ran. */
export function checkProofs(
  proofs: readonly Proof[],
  states: ReadonlyMap<string, string>,
): string[] {
  return proofs.flatMap(({ promise, titles }) => {
    if (titles.length === 0) return [`"${promise}" names no test`];
    return titles.flatMap(title => {
      const state = states.get(title);
      if (state === undefined) return [`"${promise}": no test has the title \`${title}\``];
      return state === 'skipped' ? [`"${promise}": the test \`${title}\` was skipped`] : [];
    });
  });
}
