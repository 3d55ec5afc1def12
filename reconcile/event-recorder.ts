import { randomBytes } from 'node:crypto';
import type { KubeObject } from '../api/kube-object.ts';
import { isNotFound } from '../kube/api-error.ts';
import { builtin } from '../kube/builtin.ts';
import type { Event } from '../kube/builtin-kinds.ts';
import type { KubeClient } from '../kube/client.ts';
import { type Clock, systemClock } from './clock.ts';
import { type Logger, withoutSecrets } from './logger.ts';
import { TokenBucket } from './token-bucket.ts';

/** Options of an {@link EventRecorder}; all have defaults. */
export interface EventRecorderOptions {
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** An event that may still repeat. */
interface Series {
  readonly event: Event;
  /** How often it happened, and how often the server has been told. */
  count: number;
  written: number;
  lastSeen: number;
}

/** Repetitions within this time count up one event instead of making new ones. */
const seriesMs = 6 * 60_000;
/** How long repetitions are counted before the count is written. */
const batchMs = 10_000;
const noteLimit = 1024;
/** Per object: this many events at once, then one in five minutes. */
const burst = 25;
const refillMs = 5 * 60_000;
const remembered = 4096;

/**
 * Tells users what happened to their objects, as events.k8s.io/v1 Events. Repetitions become a series; an object
 * that floods loses events, not the API server its breath. Recording never throws and is never waited for.
 */
export class EventRecorder {
  readonly #client: KubeClient;
  readonly #component: string;
  readonly #instance: string;
  readonly #clock: Clock;
  readonly #logger: Logger | undefined;
  readonly #series = new Map<string, Series>();
  readonly #buckets = new Map<string, TokenBucket>();
  #writing: Promise<void> = Promise.resolve();
  #cancelBatch: (() => void) | undefined;

  constructor(
    client: KubeClient,
    component: string,
    instance: string,
    options: EventRecorderOptions = {},
  ) {
    this.#client = client;
    this.#component = component;
    this.#instance = instance.slice(0, 128);
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger;
  }

  /** Something went as it should. `action` says what we did, by default the reason. */
  normal(object: KubeObject, reason: string, message: string, action = reason): void {
    this.#record('Normal', object, reason, message, action);
  }

  /** Something needs attention: the message says what to do. */
  warning(object: KubeObject, reason: string, message: string, action = reason): void {
    this.#record('Warning', object, reason, message, action);
  }

  /** Writes what is counted and resolves when everything recorded so far is with the server. */
  async flush(): Promise<void> {
    this.#writeCounts();
    await this.#writing;
  }

  #record(
    type: Event['type'],
    object: KubeObject,
    reason: string,
    message: string,
    action: string,
  ): void {
    const note = shorten(withoutSecrets(message));
    const now = this.#clock.monotonic();
    const id = JSON.stringify([object.metadata.uid ?? object.metadata.name, type, reason, note]);
    const known = this.#series.get(id);
    if (known && now - known.lastSeen < seriesMs) {
      known.count++;
      known.lastSeen = now;
      this.#cancelBatch ??= this.#clock.after(batchMs, () => this.#writeCounts());
      return;
    }
    if (!this.#bucketOf(object).take()) return;
    const event = this.#build(type, object, reason, note, action);
    remember(this.#series, id, { event, count: 1, written: 1, lastSeen: now });
    this.#write(() => this.#client.create(builtin.events, event));
  }

  #writeCounts(): void {
    this.#cancelBatch?.();
    this.#cancelBatch = undefined;
    for (const [id, series] of this.#series) {
      if (series.count === series.written) continue;
      series.written = series.count;
      this.#write(() => this.#writeCount(id, series));
    }
  }

  async #writeCount(id: string, { event, count }: Series): Promise<void> {
    const { namespace, name = '' } = event.metadata;
    const body = { series: { count, lastObservedTime: this.#microTime() } };
    try {
      await this.#client.patch(builtin.events, { namespace, name }, { type: 'merge', body });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      // The server forgets events after a while: the next repetition starts anew.
      this.#series.delete(id);
    }
  }

  #write(write: () => Promise<unknown>): void {
    this.#writing = this.#writing.then(write).then(
      () => {},
      (error: unknown) => this.#logger?.debug({ err: error }, 'event not recorded'),
    );
  }

  #build(
    type: Event['type'],
    object: KubeObject,
    reason: string,
    note: string,
    action: string,
  ): Event {
    const { namespace, name = '', uid, resourceVersion } = object.metadata;
    const { apiVersion, kind } = object;
    return {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: {
        namespace: namespace ?? 'default',
        name: `${name.slice(0, 230)}.${randomBytes(8).toString('hex')}`,
      },
      eventTime: this.#microTime(),
      reportingController: this.#component,
      reportingInstance: this.#instance,
      action,
      reason,
      type,
      note,
      regarding: {
        apiVersion,
        kind,
        name,
        ...(namespace !== undefined && { namespace }),
        ...(uid !== undefined && { uid }),
        ...(resourceVersion !== undefined && { resourceVersion }),
      },
    };
  }

  #bucketOf(object: KubeObject): TokenBucket {
    const id = object.metadata.uid ?? object.metadata.name ?? '';
    const bucket = this.#buckets.get(id) ?? new TokenBucket(burst, refillMs, this.#clock);
    remember(this.#buckets, id, bucket);
    return bucket;
  }

  #microTime(): string {
    return this.#clock.now().toISOString().replace('Z', '000Z');
  }
}

/** Keeps the most recently used entries of a map only. */
function remember<V>(map: Map<string, V>, id: string, value: V): void {
  map.delete(id);
  map.set(id, value);
  const oldest = map.keys().next().value;
  if (map.size > remembered && oldest !== undefined) map.delete(oldest);
}

/** The note's limit is in bytes: cut before the character that would pass it. */
function shorten(note: string): string {
  if (Buffer.byteLength(note) <= noteLimit) return note;
  const cut = Buffer.from(note)
    .subarray(0, noteLimit - 3)
    .toString();
  return `${cut.replace(/\ufffd+$/, '')}…`;
}
