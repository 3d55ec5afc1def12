import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

const whereToGet = 'see https://go.dev/doc/install';

/** Checks that a Go new enough for the module is there, and says what to do when it is not. */
export async function requireGo(moduleDirectory: string, signal: AbortSignal): Promise<void> {
  const goMod = await readFile(join(moduleDirectory, 'go.mod'), 'utf8');
  const wanted = /^go (\S+)$/m.exec(goMod)?.[1] ?? '1.26';
  const result = await execa('go', ['env', 'GOVERSION'], {
    cwd: moduleDirectory,
    cancelSignal: signal,
    reject: false,
  });
  signal.throwIfAborted();
  if (result.code === 'ENOENT') throw new Error(`Go ${wanted} or newer is needed: ${whereToGet}`);
  if (result.failed) {
    throw new Error(`Go ${wanted} or newer is needed (${whereToGet}): ${result.stderr}`);
  }
  const found = result.stdout.replace(/^go/, '');
  if (!isAtLeast(found, wanted)) {
    throw new Error(`Go ${wanted} or newer is needed, this is ${found}: ${whereToGet}`);
  }
}

/** Whether a dotted version is not older than another; missing parts count as 0, suffixes are ignored. */
export function isAtLeast(found: string, wanted: string): boolean {
  const [have, need] = [numbers(found), numbers(wanted)];
  for (let index = 0; index < Math.max(have.length, need.length); index += 1) {
    const difference = (have[index] ?? 0) - (need[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function numbers(version: string): number[] {
  return version.split('.').map(part => Number.parseInt(part, 10) || 0);
}
