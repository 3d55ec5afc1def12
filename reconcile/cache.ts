import type { KubeObject } from '../api/kube-object.ts';
import type { Resource } from '../api/resource.ts';
import type { KubeClient } from '../kube/client.ts';
import { type ReflectorEvent, reflect } from '../kube/reflector.ts';
import { type Informer, StoreInformer } from './informer.ts';
import type { Logger } from './logger.ts';

/** Which objects an informer holds, and in what shape. */
export interface InformerOptions<T> {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Reduces an object before it is kept. By default only metadata.managedFields is dropped. */
  readonly transform?: (object: T) => T;
}

/** Options of a {@link Cache}. */
export interface CacheOptions {
  readonly logger?: Logger;
  /** Freezes every object. Default: only when NODE_ENV is `test`. */
  readonly freeze?: boolean;
}

interface Entry {
  readonly resource: Resource;
  readonly options: InformerOptions<never>;
  readonly informer: StoreInformer<never>;
}

/** All informers of one API server: one watch per distinct question, however many controllers ask it. */
export class Cache {
  readonly #client: KubeClient;
  readonly #logger: Logger | undefined;
  readonly #freeze: boolean;
  readonly #entries: Entry[] = [];
  readonly #running = new Set<Promise<void>>();
  #signal: AbortSignal | undefined;

  constructor(client: KubeClient, options: CacheOptions = {}) {
    this.#client = client;
    this.#logger = options.logger;
    this.#freeze = options.freeze ?? process.env.NODE_ENV === 'test';
  }

  /** The informer for these objects; the same one for the same arguments (a transform is compared by identity). */
  informer<T extends KubeObject>(
    resource: Resource<T>,
    options: InformerOptions<T> = {},
  ): Informer<T> {
    const known = this.#entries.find(
      entry => sameResource(entry.resource, resource) && sameOptions(entry.options, options),
    );
    if (known) return known.informer as unknown as Informer<T>;
    const informer = new StoreInformer<T>(resource, {
      freeze: this.#freeze,
      transform: options.transform ?? dropManagedFields,
      onHandlerError: error =>
        this.#logger?.error({ err: error, resource: resource.plural }, 'change handler failed'),
    });
    const entry = { resource, options, informer } as unknown as Entry;
    this.#entries.push(entry);
    if (this.#signal) this.#run(entry, this.#signal);
    return informer;
  }

  /** Starts watching, also for informers asked for later, until `signal` aborts. */
  start(signal: AbortSignal): void {
    if (this.#signal) throw new Error('the cache was already started');
    this.#signal = signal;
    for (const entry of this.#entries) this.#run(entry, signal);
  }

  /** Resolves once every informer asked for so far has its first list. */
  async synced(): Promise<void> {
    await Promise.all(this.#entries.map(entry => entry.informer.synced()));
  }

  isSynced(): boolean {
    return this.#entries.every(entry => entry.informer.isSynced());
  }

  /** Resolves once every watch has ended after the abort. */
  async stopped(): Promise<void> {
    await Promise.all(this.#running);
  }

  #run({ resource, options, informer }: Entry, signal: AbortSignal): void {
    const { transform = dropManagedFields, ...rest } = options;
    const watching = reflect(
      this.#client,
      resource,
      {
        ...rest,
        transform: transform as unknown as (object: KubeObject) => KubeObject,
        onEvent: event => this.#log(resource, event),
      },
      informer as unknown as StoreInformer<KubeObject>,
      signal,
    ).catch((error: unknown) => {
      if (!signal.aborted) {
        this.#logger?.fatal({ err: error, resource: resource.plural }, 'watch ended for good');
      }
    });
    this.#running.add(watching);
  }

  /** A watch that cannot be had is the first thing to look for when nothing happens. */
  #log({ plural }: Resource, event: ReflectorEvent): void {
    if (event.type !== 'failed') return;
    const { error: err, retryInMs } = event;
    this.#logger?.warn({ err, resource: plural, retryInMs }, 'cannot watch, will try again');
  }
}

/** Drops who-wrote-what bookkeeping, which nothing reads from a cache and which can be most of an object. */
function dropManagedFields<T extends KubeObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function sameResource(a: Resource, b: Resource): boolean {
  return a.group === b.group && a.version === b.version && a.plural === b.plural;
}

function sameOptions<A, B>(a: InformerOptions<A>, b: InformerOptions<B>): boolean {
  return (
    a.namespace === b.namespace &&
    a.labelSelector === b.labelSelector &&
    a.fieldSelector === b.fieldSelector &&
    (a.transform as unknown) === b.transform
  );
}
