import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** One process, told apart from any later process with the same pid by the time it started. */
export interface ProcessRecord {
  /** What it is, in a few characters: `parent/etcd`. */
  readonly what: string;
  readonly pid: number;
  /** Boot id and clock ticks since that boot, as one opaque string. */
  readonly startTime: string;
}

/** The record of a process; undefined when there is none with this pid. */
export function recordOf(pid: number, what: string): ProcessRecord | undefined {
  const found = look(pid);
  return found && { what, pid, startTime: found.startTime };
}

/** Whether exactly the recorded process runs; one that has ended and was not waited for yet (a zombie) does not. */
export function isRunning(record: Pick<ProcessRecord, 'pid' | 'startTime'>): boolean {
  const found = look(record.pid);
  return found !== undefined && !found.ended && found.startTime === record.startTime;
}

/** Ends the recorded process and its process group: SIGTERM, then SIGKILL after the grace. Does nothing when it is gone. */
export async function endProcess(record: ProcessRecord, graceMs: number): Promise<void> {
  if (!signalProcess(record, 'SIGTERM', record.pid)) return;
  const deadline = Date.now() + graceMs;
  while (isRunning(record)) {
    // The negative pid is the group: it also takes children that outlived their parent's own clean-up.
    if (Date.now() >= deadline) signalProcess(record, 'SIGKILL', -record.pid);
    await sleep(20);
  }
}

function signalProcess(record: ProcessRecord, signal: NodeJS.Signals, target: number): boolean {
  if (!isRunning(record)) return false;
  try {
    process.kill(target, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

function look(pid: number): { startTime: string; ended: boolean } | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The command name stands in parentheses and may hold blanks and parentheses itself (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTicks] = [fields[0], fields[19]];
  return { startTime: `${bootId()}/${startTicks}`, ended: state === 'Z' || state === 'X' };
}

let knownBootId: string | undefined;

function bootId(): string {
  knownBootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return knownBootId;
}
