import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { namespaces } from '../api/well-known.ts';

/** A component of ours running as a process of its own, as its container would run it. */
export class ComponentProcess {
  readonly #child: ChildProcess;
  #log = '';

  constructor(component: string, flags: readonly string[]) {
    this.#child = spawn(process.execPath, ['image/entrypoint.ts', component, ...flags], {
      cwd: join(import.meta.dirname, '..'),
      env: {
        ...process.env,
        NODE_ENV: 'production',
        CLUSTERNET_BIND_ADDRESS: '127.0.0.1',
        POD_NAMESPACE: namespaces.system,
        // A restarted container is the same replica and resumes its own Lease at once.
        POD_UID: `${component}-1`,
        POD_NAME: `${component}-1`,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', text => {
        this.#log += text;
      });
  }

  /** What it has logged so far, one JSON document per line. */
  log(): string {
    return this.#log;
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill(signal);
    await exited;
  }
}
