import { type ManagedCluster, managedClusters } from '../api/clusters/managed-cluster.ts';
import { findCondition } from '../api/conditions.ts';
import type { KubeClient } from '../kube/client.ts';
import { reflect } from '../kube/reflector.ts';
import { eventually } from '../test/eventually.ts';

/** Watches condition Ready of all ManagedClusters and keeps each value it takes: `berlin True`, in the order they come. */
export class ReadyHistory implements AsyncDisposable {
  readonly changes: string[] = [];
  readonly #last = new Map<string, string>();
  readonly #stop = new AbortController();
  #filled = false;
  #watching: Promise<void> = Promise.resolve();

  static async start(client: KubeClient): Promise<ReadyHistory> {
    const history = new ReadyHistory();
    const sink = {
      upsert: (cluster: ManagedCluster) => history.#see(cluster),
      remove: () => {},
      startReplace: () => {},
      endReplace: () => {
        history.#filled = true;
      },
    };
    history.#watching = reflect(client, managedClusters, {}, sink, history.#stop.signal);
    await eventually(() => history.#filled, { withinMs: 20_000, describe: 'ReadyHistory' });
    history.changes.length = 0;
    return history;
  }

  #see({ metadata, status }: ManagedCluster): void {
    const ready = findCondition(status?.conditions, 'Ready')?.status ?? 'absent';
    const name = metadata.name ?? '';
    if (this.#last.get(name) === ready) return;
    this.#last.set(name, ready);
    this.changes.push(`${name} ${ready}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }
}
