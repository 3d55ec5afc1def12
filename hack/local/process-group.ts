import { setTimeout as sleep } from 'node:timers/promises';
import { type LocalProcess, type ProcessSpec, startProcess } from './local-process.ts';
import type { Report } from './report.ts';

const restartAfterMs = 1_000;

interface Member {
  readonly spec: ProcessSpec;
  process: LocalProcess;
}

/** Processes that depend on each other in the order they were started. */
export class ProcessGroup implements AsyncDisposable {
  readonly #members: Member[] = [];

  get processes(): LocalProcess[] {
    return this.#members.map(member => member.process);
  }

  async start(spec: ProcessSpec): Promise<void> {
    this.#members.push({ spec, process: await startProcess(spec) });
  }

  /** Throws when one of them has ended before `what` came true. */
  async check(what: string): Promise<void> {
    const dead = this.processes.find(process => process.exit !== undefined);
    if (dead === undefined) return;
    const end = `the end of ${dead.logFile}:\n${await dead.lastWords()}`;
    throw new Error(`${dead.record.what} ended (${dead.exit}) before ${what}; ${end}`);
  }

  /** From now on, one that ends is started again a second later, until the group is stopped. */
  keepRunning(report: Report): void {
    for (const member of this.#members) this.#keep(member, report);
  }

  /** Stops them, the last started first: an API server without etcd would take its whole grace period to give up. */
  async stop(): Promise<void> {
    while (this.#members.length > 0) await this.#members.pop()?.process.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #keep(member: Member, report: Report): void {
    const restart = async () => {
      const exit = await member.process.exited;
      await sleep(restartAfterMs, undefined, { ref: false });
      if (!this.#members.includes(member)) return;
      report(`${member.spec.what} ended (${exit}) and is started again`);
      member.process = await startProcess(member.spec);
      this.#keep(member, report);
    };
    restart().catch(error =>
      report(`${member.spec.what} cannot be started again: ${error.message}`),
    );
  }
}
