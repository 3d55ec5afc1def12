import type { KubeObject } from '../api/kube-object.ts';
import type { Resource } from '../api/resource.ts';
import { ApiError, isExpired } from './api-error.ts';
import { Backoff } from './backoff.ts';
import type { KubeClient, ListOptions } from './client.ts';
import { sleep } from './sleep.ts';
import { type WatchEvent, watch } from './watch.ts';

export interface ReflectorOptions<T>
  extends Pick<ListOptions, 'namespace' | 'labelSelector' | 'fieldSelector'> {
  /** Applied to each object before the sink sees it, to drop what nobody reads. */
  readonly transform?: (object: T) => T;
  /** Replaces Math.random in tests. */
  readonly random?: () => number;
  readonly onEvent?: (event: ReflectorEvent) => void;
}

/** What a reflector does, for logs and metrics. */
export type ReflectorEvent =
  | { readonly type: 'filling'; readonly by: 'watch-list' | 'pages' }
  | { readonly type: 'filled' }
  | { readonly type: 'watch-ended' }
  | { readonly type: 'failed'; readonly error: unknown; readonly retryInMs: number };

/** Where a reflector puts what it sees. */
export interface ReflectorSink<T> {
  upsert(object: T): void;
  remove(object: T): void;
  /** A new listing begins; one that was under way is void. */
  startReplace(): void;
  /** Everything not upserted since startReplace is gone. */
  endReplace(): void;
}

const pageSize = 500;
const initialEventsEnd = 'k8s.io/initial-events-end';
/** A watch that ends sooner than this without an event is a failing one. */
const shortWatchMs = 5_000;

/**
 * Keeps the sink equal to the server's collection until the signal aborts; never gives up and never throws.
 * Fills by WatchList where the server has it, else by pages; then watches, resuming where it was after every
 * interruption and listing anew only when the server has forgotten that point.
 */
export async function reflect<T extends KubeObject>(
  client: KubeClient,
  resource: Resource<T>,
  options: ReflectorOptions<T>,
  sink: ReflectorSink<T>,
  signal: AbortSignal,
): Promise<void> {
  const reflection = new Reflection(client, resource, options, sink, signal);
  while (!signal.aborted) {
    try {
      await reflection.advance();
    } catch (error) {
      await reflection.recover(error);
    }
  }
}

class Reflection<T extends KubeObject> {
  readonly #client: KubeClient;
  readonly #resource: Resource<T>;
  readonly #options: ReflectorOptions<T>;
  readonly #sink: ReflectorSink<T>;
  readonly #signal: AbortSignal;
  readonly #backoff: Backoff;
  readonly #random: () => number;
  /** Undefined when the sink must be filled anew. */
  #version: string | undefined;
  #fillBy: 'watch-list' | 'pages' = 'watch-list';
  #pageSize = pageSize;

  constructor(
    client: KubeClient,
    resource: Resource<T>,
    options: ReflectorOptions<T>,
    sink: ReflectorSink<T>,
    signal: AbortSignal,
  ) {
    this.#client = client;
    this.#resource = resource;
    this.#options = options;
    this.#sink = sink;
    this.#signal = signal;
    this.#random = options.random ?? Math.random;
    this.#backoff = new Backoff({ initialMs: 800, random: this.#random });
  }

  async advance(): Promise<void> {
    if (this.#version === undefined && this.#fillBy === 'pages') await this.#list();
    else await this.#watch();
  }

  /** Waits as long as the failure asks for. */
  async recover(error: unknown): Promise<void> {
    if (this.#signal.aborted) return;
    if (isExpired(error)) {
      // A listing that expires half-way would do so again: take the next one in a single piece.
      if (this.#version === undefined) this.#pageSize = 0;
      this.#version = undefined;
    } else if (this.#version === undefined && isWatchListMissing(error)) {
      const first = this.#fillBy === 'watch-list';
      this.#fillBy = 'pages';
      if (first) return;
    }
    const asked = error instanceof ApiError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
    const retryInMs = asked + this.#backoff.next();
    this.#options.onEvent?.({ type: 'failed', error, retryInMs });
    await sleep(retryInMs, this.#signal).catch(() => undefined);
  }

  async #list(): Promise<void> {
    this.#startFilling();
    const limit = this.#pageSize === 0 ? {} : { limit: this.#pageSize };
    const query = { ...this.#selection(), ...limit };
    let page = await this.#client.list(this.#resource, query, this.#signal);
    for (;;) {
      for (const object of page.items) this.#upsert(object);
      if (!page.metadata.continue) break;
      const next = { ...query, continue: page.metadata.continue };
      page = await this.#client.list(this.#resource, next, this.#signal);
    }
    this.#endFilling(page.metadata.resourceVersion);
  }

  async #watch(): Promise<void> {
    const filling = this.#version === undefined;
    if (filling) this.#startFilling();
    const startedAt = performance.now();
    let quiet = true;
    const events = watch(
      this.#client,
      this.#resource,
      {
        ...this.#selection(),
        ...(filling ? { sendInitialEvents: true } : { resourceVersion: this.#version }),
        timeoutSeconds: Math.round(240 + this.#random() * 240),
      },
      this.#signal,
    );
    for await (const event of events) {
      this.#take(event);
      // Until the listing is complete there is no progress to speak of.
      if (this.#version !== undefined) {
        this.#backoff.reset();
        quiet = false;
      }
    }
    if (this.#signal.aborted) return;
    this.#options.onEvent?.({ type: 'watch-ended' });
    if (this.#version === undefined) throw new UnfinishedListing();
    if (quiet && performance.now() - startedAt < shortWatchMs) {
      throw new Error('the server ended the watch at once');
    }
  }

  #take(event: WatchEvent<T>): void {
    const version = event.object.metadata.resourceVersion;
    if (event.type === 'BOOKMARK') {
      const complete = event.object.metadata.annotations?.[initialEventsEnd] === 'true';
      if (this.#version !== undefined) this.#version = version;
      else if (complete) this.#endFilling(version);
      return;
    }
    if (event.type === 'DELETED') this.#sink.remove(this.#transform(event.object));
    else this.#upsert(event.object);
    if (this.#version !== undefined) this.#version = version;
  }

  #startFilling(): void {
    this.#options.onEvent?.({ type: 'filling', by: this.#fillBy });
    this.#sink.startReplace();
  }

  #endFilling(version: string | undefined): void {
    this.#sink.endReplace();
    this.#version = version;
    this.#pageSize = pageSize;
    this.#options.onEvent?.({ type: 'filled' });
  }

  #upsert(object: T): void {
    this.#sink.upsert(this.#transform(object));
  }

  #transform(object: T): T {
    return this.#options.transform?.(object) ?? object;
  }

  #selection() {
    const { namespace, labelSelector, fieldSelector } = this.#options;
    return { namespace, labelSelector, fieldSelector };
  }
}

class UnfinishedListing extends Error {
  override readonly message = 'the watch ended before the listing did';
}

/** Servers without WatchList refuse its parameters, or ignore them and never say that the listing is complete. */
function isWatchListMissing(error: unknown): boolean {
  if (error instanceof UnfinishedListing) return true;
  return error instanceof ApiError && (error.code === 400 || error.code === 422);
}
