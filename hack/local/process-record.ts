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

/** The record of a running process; undefined when there is none with this pid (a zombie is none). */
export function recordOf(pid: number, what: string): ProcessRecord | undefined {
  const startTime = startTimeOf(pid);
  return startTime === undefined ? undefined : { what, pid, startTime };
}

/** Whether exactly the recorded process runs. */
export function isRunning(record: Pick<ProcessRecord, 'pid' | 'startTime'>): boolean {
  return startTimeOf(record.pid) === record.startTime;
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

function startTimeOf(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The command name stands in parentheses and may hold blanks and parentheses itself (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTicks] = [fields[0], fields[19]];
  return state === 'Z' || state === 'X' ? undefined : `${bootId()}/${startTicks}`;
}

let knownBootId: string | undefined;

function bootId(): string {
  knownBootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return knownBootId;
}
