import type { KubeClient } from '../../kube/client.ts';
import type { Logger } from '../../reconcile/logger.ts';
import { noteDialError } from './agent-lease.ts';
import type { JoinFailure } from './join-failure.ts';

/** So many failures in a row are more than a hiccup. */
const worthTelling = 3;

/** Leaves word on the agent's Lease, for discovery and for people, why the parent is not reached when that lasts. */
export class DialNote {
  readonly #child: KubeClient;
  readonly #logger: Logger;
  #failures = 0;
  /** What the Lease shall say; undefined before the first word, when it may still hold that of an earlier process. */
  #wanted: string | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(child: KubeClient, logger: Logger) {
    this.#child = child;
    this.#logger = logger;
  }

  failed({ reason, message, final }: JoinFailure, signal: AbortSignal): void {
    this.#failures++;
    if (final || this.#failures >= worthTelling) this.#note(`${reason}: ${message}`, signal);
  }

  succeeded(signal: AbortSignal): void {
    this.#failures = 0;
    this.#note('', signal);
  }

  /** Resolves when the last word is written. */
  written(): Promise<void> {
    return this.#writing;
  }

  #note(text: string, signal: AbortSignal): void {
    if (this.#wanted === text) return;
    this.#wanted = text;
    this.#writing = this.#writing.then(async () => {
      try {
        await noteDialError(this.#child, text || undefined, signal);
      } catch (error) {
        if (this.#wanted === text) this.#wanted = undefined;
        if (!signal.aborted) this.#logger.warn({ err: error }, 'cannot leave a note on the Lease');
      }
    });
  }
}
