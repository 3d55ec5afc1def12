import { readdir, readlink, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Report } from './report.ts';

const unusedForDays = 30;

/** Notes at a directory of built tools that it is in use; it shows as the directory's time. */
export async function markToolsUsed(directory: string): Promise<void> {
  const now = new Date();
  await utimes(directory, now, now);
}

/**
 * Removes the tools of other versions that nobody has asked for in 30 days, and says so. A directory stays while a program in it
 * runs: a test bed can be up for longer than that and starts again what dies.
 */
export async function removeUnusedTools(
  root: string,
  current: string,
  report: Report,
): Promise<void> {
  const running = await runningPrograms();
  for (const name of await readdir(root)) {
    const directory = join(root, name);
    // CLUSTERNET_TOOLS_DIR may hold other things, too.
    if (directory === current || !/^[0-9a-f]{16}$/.test(name)) continue;
    // Another builder may be clearing away, too.
    const { mtimeMs } = await stat(directory).catch(() => ({ mtimeMs: Date.now() }));
    const unusedDays = (Date.now() - mtimeMs) / 86_400_000;
    if (unusedDays < unusedForDays) continue;
    if (running.some(program => program.startsWith(`${directory}/`))) continue;
    await rm(directory, { recursive: true, force: true });
    report(
      `removed ${directory}: tools of other versions, unused for ${Math.floor(unusedDays)} days`,
    );
  }
}

/** Paths of the programs that run on this machine, as far as we may see them. */
async function runningPrograms(): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name));
  const programs = pids.map(pid => readlink(`/proc/${pid}/exe`).catch(() => ''));
  return Promise.all(programs);
}
