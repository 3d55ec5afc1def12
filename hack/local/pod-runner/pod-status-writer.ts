import { isConflict, isNotFound } from '../../../kube/api-error.ts';
import type { KubeClient } from '../../../kube/client.ts';
import { sleep } from '../../../kube/sleep.ts';
import { type Pod, type PodStatus, pods } from './pod.ts';

export interface PodStatusWriterOptions {
  readonly client: KubeClient;
  readonly pod: Pod;
  /** The status at this moment. */
  readonly status: () => PodStatus;
  readonly log: (message: string) => void;
  /** Once it has aborted, a status that cannot be written is given up. */
  readonly ending: AbortSignal;
}

const retryEveryMs = 1_000;

/** Brings a pod's status to the API server: the latest one, one write at a time. */
export class PodStatusWriter {
  readonly #options: PodStatusWriterOptions;
  #isDue = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: PodStatusWriterOptions) {
    this.#options = options;
  }

  /** Has the status written, after what is being written now. */
  write(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#writing = this.#writing.then(() => this.#write());
  }

  /** Resolves when everything is written or given up. */
  settled(): Promise<void> {
    return this.#writing;
  }

  async #write(): Promise<void> {
    const { client, pod, log, ending } = this.#options;
    const { namespace, name = '', uid } = pod.metadata;
    for (;;) {
      this.#isDue = false;
      const body = { metadata: { uid }, status: this.#options.status() };
      const patch = { type: 'merge', body } as const;
      try {
        await client.patch(pods, { namespace, name }, patch, { subresource: 'status' });
        return;
      } catch (error) {
        // Another pod has taken the name, or there is none: nobody is left to be told.
        if (isNotFound(error) || isConflict(error) || ending.aborted) return;
        log(`cannot write the pod's status: ${(error as Error).message}`);
        await sleep(retryEveryMs, ending).catch(() => undefined);
      }
    }
  }
}
