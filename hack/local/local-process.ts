import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeFileAtomically } from './atomic-file.ts';
import { endProcess, isRunning, type ProcessRecord, recordOf } from './process-record.ts';

/** How to start one long-running process of the test bed. */
export interface ProcessSpec {
  /** Unique in the record directory, and a relative path in it: `parent/etcd`. */
  readonly what: string;
  readonly file: string;
  readonly args: readonly string[];
  /** Added to PATH, HOME and nothing else of our own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Output is appended here. */
  readonly logFile: string;
  /** Where its record is kept while it runs, so that `endRecordedProcesses` finds it whatever became of us. */
  readonly recordDirectory: string;
}

/** How a process ended, in words: `exit code 1`, `SIGKILL`. */
export type Exit = string;

/** A process that we started and own: it has its own process group, and the kernel ends it when we die. */
export class LocalProcess implements AsyncDisposable {
  readonly record: ProcessRecord;
  readonly logFile: string;
  readonly exited: Promise<Exit>;
  /** Set once it has ended. */
  exit: Exit | undefined;

  constructor(record: ProcessRecord, logFile: string, exited: Promise<Exit>) {
    this.record = record;
    this.logFile = logFile;
    this.exited = exited.then(exit => {
      this.exit = exit;
      return exit;
    });
  }

  async stop(graceMs = 10_000): Promise<void> {
    await endProcess(this.record, graceMs);
    await this.exited;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** The last lines of its log, for an error message. */
  async lastWords(lines = 5): Promise<string> {
    const log = await readFile(this.logFile, 'utf8').catch(() => '');
    return log.trimEnd().split('\n').slice(-lines).join('\n');
  }
}

/** Starts a process and records it. Throws when it cannot be started at all. */
export async function startProcess(spec: ProcessSpec): Promise<LocalProcess> {
  mkdirSync(dirname(spec.logFile), { recursive: true });
  const log = openSync(spec.logFile, 'a', 0o600);
  // setpriv asks the kernel to kill the process when this one dies, however it dies, and then becomes the process itself.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', spec.file, ...spec.args], {
    detached: true,
    stdio: ['ignore', log, log],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...spec.env },
    cwd: spec.cwd,
  });
  closeSync(log);
  const exited = exitOf(child);
  // Recorded in the same tick, so that no interruption of ours leaves an unrecorded process.
  const record = child.pid === undefined ? undefined : recordOf(child.pid, spec.what);
  if (record === undefined) throw new Error(`${spec.what} did not start: ${await exited}`);
  const recordFile = join(spec.recordDirectory, `${spec.what}.json`);
  writeFileAtomically(recordFile, `${JSON.stringify(record)}\n`);
  const forgotten = exited.finally(() => rmSync(recordFile, { force: true }));
  return new LocalProcess(record, spec.logFile, forgotten);
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise(resolve => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    child.once('error', error => resolve(error.message));
  });
}

/** The processes recorded in the directory that run. */
export async function recordedProcesses(recordDirectory: string): Promise<ProcessRecord[]> {
  const names = await readdir(recordDirectory, { recursive: true }).catch(() => []);
  const records = await Promise.all(
    names
      .filter(name => name.endsWith('.json'))
      .map(async name => JSON.parse(await readFile(join(recordDirectory, name), 'utf8'))),
  );
  return (records as ProcessRecord[]).filter(isRunning);
}

/** Ends every process recorded in the directory, forgets them, and returns those that were still running. */
export async function endRecordedProcesses(
  recordDirectory: string,
  graceMs = 10_000,
): Promise<ProcessRecord[]> {
  const running = await recordedProcesses(recordDirectory);
  await Promise.all(running.map(record => endProcess(record, graceMs)));
  await rm(recordDirectory, { recursive: true, force: true });
  return running;
}
