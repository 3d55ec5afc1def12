// Runs one of our scripts with the pinned Node, installing the locked dependencies first when they are missing or stale.
// Plain JavaScript without dependencies, so that any Node from 18 on can start it: node hack/bootstrap.mjs SCRIPT [ARGS].
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const node = join(root, 'node_modules/.bin/node');
const stamp = join(root, 'node_modules/.cache/installed-lock');

installWhenStale();
run(process.argv.slice(2));

function installWhenStale() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock && existsSync(node)) return;
  process.stderr.write('installing the locked dependencies (npm ci) ...\n');
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (npm.status !== 0)
    fail('npm ci failed: see its messages above. It needs npm and a reachable npm registry.');
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' });
  if (!version.stdout?.startsWith('v26.')) {
    fail(
      `node_modules/.bin/node must be Node 26 but says ${version.stdout ?? version.error}; remove node_modules and try again.`,
    );
  }
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, lock);
}

function run(args) {
  if (args.length === 0) fail('usage: node hack/bootstrap.mjs SCRIPT [ARGS]');
  const child = spawn(node, args, { cwd: root, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
