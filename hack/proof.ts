import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { checkProofs, parseProofMap } from './proof-map.ts';

const root = join(fileURLToPath(import.meta.url), '../..');
const results = join(root, 'node_modules/.cache/test-results');

const states = new Map<string, string>();
for (const file of await readdir(results)) {
  const suite: Record<string, string> = JSON.parse(await readFile(join(results, file), 'utf8'));
  for (const [title, state] of Object.entries(suite)) states.set(title, state);
}
const proofs = parseProofMap(await readFile(join(root, 'docs/reference/proof.md'), 'utf8'));
const problems = checkProofs(proofs, states);
for (const problem of problems) console.log(problem);
console.log(
  `${proofs.length} promises checked against ${states.size} tests, ${problems.length} problems`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
