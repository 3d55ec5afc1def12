import type { Clock } from '../../reconcile/clock.ts';
import type { OutgoingResponse } from './authenticated-request.ts';

/** The requests that are being answered, but for those that last as long as the client wants: watches and followed logs. */
export class RunningRequests {
  readonly #clock: Clock;
  readonly #running = new Set<OutgoingResponse>();
  #finished = Promise.withResolvers<void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts a request until its answer is complete or its client is gone. */
  note(url: string, response: OutgoingResponse): void {
    if (isLongRunning(url)) return;
    this.#running.add(response);
    response.once('close', () => {
      this.#running.delete(response);
      if (this.#running.size === 0) this.#finished.resolve();
    });
  }

  /** Waits until none runs any more, at most `withinMs`; settles with how many still do. */
  async finished(withinMs: number): Promise<number> {
    if (this.#running.size === 0) return 0;
    this.#finished = Promise.withResolvers<void>();
    const late = Promise.withResolvers<void>();
    const cancel = this.#clock.after(withinMs, late.resolve);
    await Promise.race([this.#finished.promise, late.promise]);
    cancel();
    return this.#running.size;
  }
}

/** Kubernetes reads these parameters as Go reads a bool. */
function isLongRunning(url: string): boolean {
  const query = new URLSearchParams(url.split('?', 2)[1]);
  return ['watch', 'follow'].some(name => /^(1|t|true)$/i.test(query.get(name) ?? ''));
}
