import type { DynamicObject } from '../../api/kube-object.ts';
import type { Resource } from '../../api/resource.ts';
import { builtin } from '../../kube/builtin.ts';
import type { CustomResourceDefinition } from '../../kube/builtin-kinds.ts';
import type { KubeClient } from '../../kube/client.ts';
import { type ReflectorEvent, reflect } from '../../kube/reflector.ts';
import { type Change, type Informer, StoreInformer } from '../../reconcile/informer.ts';
import { keyOf, splitKey } from '../../reconcile/key.ts';
import type { Logger } from '../../reconcile/logger.ts';
import type { Enqueue, Source } from '../../reconcile/source.ts';
import { type CapiCluster, capiNames } from './cluster.ts';
import { readCluster } from './read-cluster.ts';
import { type ReadableVersion, type ServedVersion, servedVersion } from './served-version.ts';

export interface ClusterWatchOptions {
  readonly client: KubeClient;
  /** Holds the CustomResourceDefinition of Clusters and no other. */
  readonly definitions: Informer<CustomResourceDefinition>;
  /** Flag --namespace: watch only this one. */
  readonly namespace: string | undefined;
  /** Flag --watch-filter: watch only Clusters with label cluster.x-k8s.io/watch-filter of this value. */
  readonly watchFilter: string | undefined;
  readonly logger: Logger;
}

/**
 * How a Cluster looks from here. `unknown`: Cluster API cannot be asked now. `deleted`: we were told so. `gone`: it is not there, and
 * nobody told us why.
 */
export type ClusterSight = CapiCluster | 'unknown' | 'gone' | 'deleted';

/**
 * The Clusters of Cluster API in whichever version it serves now. Follows it when it is installed late, changes versions or is removed;
 * as long as it cannot be asked, every Cluster is `unknown`, never gone.
 */
export class ClusterWatch implements Source {
  readonly #options: ClusterWatchOptions;
  readonly #store: StoreInformer<DynamicObject>;
  readonly #judged = Promise.withResolvers<void>();
  readonly #availabilityHandlers = new Set<() => void>();
  readonly #deleted = new Set<string>();
  #served: ServedVersion = servedVersion(undefined);
  #failure: ServedVersion | undefined;
  #listed = false;
  #reflecting = new AbortController();

  constructor(options: ClusterWatchOptions) {
    this.#options = options;
    this.#store = new StoreInformer<DynamicObject>(clustersIn('v1beta2'), {
      freeze: false,
      onHandlerError: error => options.logger.error({ err: error }, 'change handler failed'),
    });
    this.#store.onChange(change => this.#noteDeletion(change));
  }

  /** In which version Clusters are read, or why they are not. */
  get served(): ServedVersion {
    return (!this.#listed && this.#failure) || this.#served;
  }

  read(key: string): ClusterSight {
    if (this.#served.version === undefined || !this.#listed) return 'unknown';
    const object = this.#store.get(splitKey(key));
    if (object !== undefined) return readCluster(object);
    return this.#deleted.has(key) ? 'deleted' : 'gone';
  }

  /** Nobody needs to know any more what became of a Cluster that was deleted. */
  forget(key: string): void {
    this.#deleted.delete(key);
  }

  /** `namespace/name` of every Cluster known, optionally of one namespace. */
  keys(namespace?: string): readonly string[] {
    return this.#store.list(namespace).map(keyOf);
  }

  /**
   * Asks the API server itself before anything final is done: between two watches a Cluster may have come back, or Cluster API may be on
   * its way out and take all its Clusters along.
   */
  async readLive(key: string, signal: AbortSignal): Promise<CapiCluster | 'unknown' | 'gone'> {
    const { client } = this.#options;
    const name = { name: capiNames.crd };
    const { version } = servedVersion(
      await client.find(builtin.customResourceDefinitions, name, signal),
    );
    if (version === undefined) return 'unknown';
    const cluster = await client.find(clustersIn(version), splitKey(key), signal);
    return cluster === undefined ? 'gone' : readCluster(cluster);
  }

  /** Watches until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { definitions } = this.#options;
    await Promise.race([definitions.synced(), aborted(signal)]);
    const follow = () => this.#follow(servedVersion(definitions.get({ name: capiNames.crd })));
    const stop = definitions.onChange(follow);
    follow();
    await aborted(signal);
    stop();
    this.#reflecting.abort();
  }

  start(enqueue: Enqueue): () => void {
    return this.#store.onChange(({ object, initial }) => enqueue(keyOf(object), initial));
  }

  synced(): Promise<void> {
    return this.#judged.promise;
  }

  /** Calls `handler` whenever Cluster API comes, goes or changes its version. */
  onAvailability(handler: () => void): () => void {
    this.#availabilityHandlers.add(handler);
    return () => this.#availabilityHandlers.delete(handler);
  }

  /** With a watch filter a Cluster may only have left our sight. */
  #noteDeletion({ type, missing, object }: Change<DynamicObject>): void {
    const isTold = type === 'deleted' && !missing && !this.#options.watchFilter;
    if (isTold) this.#deleted.add(keyOf(object));
    else if (type === 'added') this.#deleted.delete(keyOf(object));
  }

  #follow(served: ServedVersion): void {
    const before = this.#served.version;
    this.#served = served;
    if (served.version === undefined) this.#suspend();
    else if (served.version !== before) {
      this.#reflect(served.version);
      this.#tell();
    }
  }

  /** Everything known is kept, but counts for nothing until it has been listed again. */
  #suspend(): void {
    this.#reflecting.abort();
    this.#listed = false;
    this.#deleted.clear();
    this.#judged.resolve();
    this.#tell();
  }

  #reflect(version: ReadableVersion): void {
    const { client, namespace, watchFilter, logger } = this.#options;
    this.#reflecting.abort();
    this.#reflecting = new AbortController();
    const { signal } = this.#reflecting;
    logger.info({ version }, 'reading Clusters of Cluster API');
    const labelSelector = watchFilter && `${capiNames.watchFilterLabel}=${watchFilter}`;
    const options = {
      ...(namespace ? { namespace } : {}),
      ...(labelSelector ? { labelSelector } : {}),
      onEvent: (event: ReflectorEvent) => {
        if (event.type === 'filled' && !signal.aborted) this.#filled();
        if (event.type === 'failed' && !signal.aborted) this.#failed(event.error);
      },
    };
    reflect(client, clustersIn(version), options, this.#store, signal).catch((error: unknown) =>
      logger.error({ err: error }, 'watching Clusters ended'),
    );
  }

  /** Its conversion webhook is down, say: what is known stays, and who waits for the first list learns that there is none. */
  #failed(error: unknown): void {
    this.#options.logger.warn({ err: error }, 'Clusters cannot be watched, will retry');
    if (this.#listed) return;
    const cause = error instanceof Error ? error.message : String(error);
    const message = `Clusters cannot be listed, so every joined cluster is kept as it is: ${cause}`;
    this.#failure = { reason: 'NotAnswering', message };
    this.#judged.resolve();
    this.#tell();
  }

  #filled(): void {
    const first = !this.#listed;
    this.#listed = true;
    this.#judged.resolve();
    if (first) this.#tell();
  }

  #tell(): void {
    for (const handler of this.#availabilityHandlers) handler();
  }
}

function clustersIn(version: ReadableVersion): Resource<DynamicObject> {
  return {
    group: capiNames.group,
    version,
    plural: 'clusters',
    kind: 'Cluster',
    namespaced: true,
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }));
}
