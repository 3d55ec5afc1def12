import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Counts of one step; a check that is no test runner counts as one test. */
interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const root = join(fileURLToPath(import.meta.url), '../..');
const bin = (name: string) => join(root, 'node_modules/.bin', name);
const node = bin('node');
const mocha = join(root, 'node_modules/mocha/bin/mocha.js');

const closingLine = /^(\d+) passed, (\d+) failed, (\d+) skipped$/m;

await rm(join(root, 'node_modules/.cache/test-results'), { recursive: true, force: true });
const outcomes: Outcome[] = [];
// The tools take minutes to build in an empty cache, so they build while the quick checks run, and give way to them.
const tools = run('Kubernetes tools', node, ['hack/local/tools.ts'], { aside: true });
outcomes.push(await check('types', bin('tsc'), []));
outcomes.push(await check('lint', bin('biome'), ['check', '--error-on-warnings']));
outcomes.push(await check('unused code', bin('knip'), []));
outcomes.push(await check('generated files', node, ['hack/generate.ts', '--check']));
outcomes.push(await check('build', node, ['hack/build.ts']));
outcomes.push(await suite('unit', []));
outcomes.push(await finish('Kubernetes tools', tools));
outcomes.push(await suite('end-to-end', ['--config', '.mocharc.e2e.json']));
outcomes.push(await check('proof map', node, ['hack/proof.ts']));

const total = outcomes.reduce(add);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;

async function check(what: string, command: string, args: readonly string[]): Promise<Outcome> {
  return finish(what, run(what, command, args));
}

async function finish(
  what: string,
  running: Promise<{ code: number; output: string }>,
): Promise<Outcome> {
  const { code } = await running;
  if (code !== 0) console.log(`${what}: FAILED (exit code ${code})`);
  return code === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
}

/** Runs a mocha suite and takes its counts from the reporter's closing line, which it keeps off our own output. */
async function suite(name: string, args: readonly string[]): Promise<Outcome> {
  const what = `${name} tests`;
  const { code, output } = await run(what, node, [mocha, ...args], { env: { TEST_RESULTS: name } });
  const closing = closingLine.exec(output);
  if (closing === null) {
    console.log(`${what}: FAILED, it ended without its closing line (exit code ${code})`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const [passed = 0, failed = 0, skipped = 0] = closing.slice(1).map(Number);
  return { passed, failed: code !== 0 && failed === 0 ? 1 : failed, skipped };
}

function add(a: Outcome, b: Outcome): Outcome {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  };
}

/** Runs a command and prints its lines as they come; one that runs aside has lower priority and its name before each line. */
function run(
  what: string,
  command: string,
  args: readonly string[],
  { aside = false, env = {} }: { aside?: boolean; env?: Record<string, string> } = {},
): Promise<{ code: number; output: string }> {
  const started = Date.now();
  if (!aside) console.log(`\n== ${what}`);
  const path = `${join(root, 'node_modules/.bin')}:${process.env.PATH}`;
  const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env, PATH: path } });
  if (aside && child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  let output = '';
  const print = (line: string) => {
    output += `${line}\n`;
    if (!closingLine.test(line)) console.log(aside ? `${what}: ${line}` : line);
  };
  for (const input of [child.stdout, child.stderr]) createInterface({ input }).on('line', print);
  return new Promise(resolve => {
    child.on('error', error => resolve({ code: 127, output: `${command}: ${error.message}` }));
    child.on('close', code => {
      console.log(`== ${what}: ${((Date.now() - started) / 1000).toFixed(1)} s`);
      resolve({ code: code ?? 1, output });
    });
  });
}
