import type { KubeClient } from '../../kube/client.ts';
import type { Logger } from '../../reconcile/logger.ts';
import { noteDialError } from './agent-lease.ts';
import type { JoinFailure } from './join-failure.ts';

/** So many failures in a row are more than a hiccup. */
const worthTelling = 3;

/** Tells the log at once, and discovery and people through the Lease when it lasts, why the parent is not reached. */
export class DialNote {
  readonly #child: KubeClient;
  readonly #logger: Logger;
  #failures = 0;
  /** Undefined before the first word: the Lease may still hold what an earlier process left there. */
  #noted: string | undefined;

  constructor(child: KubeClient, logger: Logger) {
    this.#child = child;
    this.#logger = logger;
  }

  async failed(failure: JoinFailure, signal: AbortSignal): Promise<void> {
    this.#failures++;
    const { reason, message } = failure;
    this.#logger.warn({ reason, attempt: this.#failures }, message);
    if (failure.final || this.#failures >= worthTelling) {
      await this.#note(`${reason}: ${message}`, signal);
    }
  }

  async succeeded(signal: AbortSignal): Promise<void> {
    this.#failures = 0;
    await this.#note('', signal);
  }

  async #note(text: string, signal: AbortSignal): Promise<void> {
    if (this.#noted === text) return;
    try {
      await noteDialError(this.#child, text || undefined, signal);
      this.#noted = text;
    } catch (error) {
      if (!signal.aborted) this.#logger.warn({ err: error }, 'cannot leave a note on the Lease');
    }
  }
}
