import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalDirectory } from './local-directory.ts';
import { isRunning } from './process-record.ts';
import type { Report } from './report.ts';
import { type LocalState, readState } from './state-file.ts';

/** The state of the supervisor that runs for this directory; undefined when none does. */
export function runningSupervisor(directory: LocalDirectory): LocalState | undefined {
  const state = readState(directory.state);
  return state && isRunning(state.supervisor) ? state : undefined;
}

/** Where the supervisor writes what it does. */
export function supervisorLog(directory: LocalDirectory): string {
  return join(directory.logs, 'supervisor.log');
}

/**
 * Starts the supervisor, unless it runs, and reports its progress until the parent cluster is complete. It stays in the
 * background when we end, and goes on when we are interrupted.
 */
export async function ensureSupervisor(
  directory: LocalDirectory,
  report: Report,
  signal: AbortSignal,
): Promise<LocalState> {
  const known = runningSupervisor(directory);
  const ended =
    known === undefined ? startSupervisor(directory) : () => !isRunning(known.supervisor);
  let reported = known?.phase === 'running' ? known.progress.length : 0;
  for (;;) {
    const state = runningSupervisor(directory);
    for (const line of state?.progress.slice(reported) ?? []) report(line);
    reported = Math.max(reported, state?.progress.length ?? 0);
    if (state?.phase === 'running') return state;
    if (ended()) throw await whyItEnded(directory);
    await sleep(100, undefined, { signal });
  }
}

function startSupervisor(directory: LocalDirectory): () => boolean {
  mkdirSync(directory.logs, { recursive: true, mode: 0o700 });
  const log = openSync(supervisorLog(directory), 'a', 0o600);
  const child = spawn(process.execPath, [join(import.meta.dirname, 'supervisor.ts')], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  let ended = false;
  child.once('exit', () => {
    ended = true;
  });
  child.unref();
  return () => ended;
}

async function whyItEnded(directory: LocalDirectory): Promise<Error> {
  const log = supervisorLog(directory);
  const state = readState(directory.state);
  if (state?.failure !== undefined) return new Error(`${state.failure}\n(see ${log})`);
  const text = await readFile(log, 'utf8').catch(() => '');
  const end = text.trimEnd().split('\n').slice(-15).join('\n');
  return new Error(`the supervisor ended; the end of ${log}:\n${end}`);
}
