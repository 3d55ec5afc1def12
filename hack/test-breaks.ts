import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Proves that central tests can fail: each patch in test/breaks/ breaks product code, and exactly the test it names must fail. */
const root = join(fileURLToPath(import.meta.url), '../..');
const breaks = join(root, 'test/breaks');
const exec = promisify(execFile);

const patches = (await readdir(breaks)).filter(file => file.endsWith('.patch')).sort();
const only = process.argv[2];
const tree = join(await mkdtemp(join(tmpdir(), 'clusternet-breaks-')), 'tree');
await exec('git', ['worktree', 'add', '--detach', tree, 'HEAD'], { cwd: root });
await symlink(join(root, 'node_modules'), join(tree, 'node_modules'));
let failed = 0;
try {
  for (const patch of patches.filter(file => only === undefined || file.includes(only))) {
    const problem = await tryPatch(patch);
    if (problem !== undefined) failed++;
    console.log(
      `${problem === undefined ? 'caught' : 'MISSED'}  ${patch}${problem === undefined ? '' : `: ${problem}`}`,
    );
  }
} finally {
  await exec('git', ['worktree', 'remove', '--force', tree], { cwd: root });
  await rm(join(tree, '..'), { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;

/** Undefined when exactly the named test failed, else what happened instead. */
async function tryPatch(patch: string): Promise<string | undefined> {
  const text = await readFile(join(breaks, patch), 'utf8');
  const title = /^Breaks: (.+)$/m.exec(text)?.[1];
  const file = /^Runs: (\S+)$/m.exec(text)?.[1];
  if (title === undefined || file === undefined)
    return 'its head needs the lines "Breaks: TITLE" and "Runs: FILE"';
  await exec('git', ['apply', join(breaks, patch)], { cwd: tree });
  try {
    const failures = await failingTitles(file);
    if (failures.length === 1 && failures[0] === title) return undefined;
    return failures.length === 0 ? 'no test failed' : `these tests failed: ${failures.join('; ')}`;
  } finally {
    await exec('git', ['checkout', '-q', '--', '.'], { cwd: tree });
  }
}

async function failingTitles(file: string): Promise<string[]> {
  const setup = ['--no-config', '--require', './test/environment.ts'];
  const args = [...setup, '--reporter', 'json', '--timeout', '600000', file];
  const mocha = join(root, 'node_modules/mocha/bin/mocha.js');
  const ran = await exec(process.execPath, [mocha, ...args], {
    cwd: tree,
    maxBuffer: 1 << 26,
  }).catch((error: { stdout?: string }) => error);
  const report: { failures: { fullTitle: string }[] } = JSON.parse(
    ran.stdout || '{"failures":[{"fullTitle":"(mocha ended without a report)"}]}',
  );
  return report.failures.map(test => test.fullTitle);
}
