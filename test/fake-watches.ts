import type { ServerResponse } from 'node:http';
import type { DynamicObject } from '../api/kube-object.ts';
import type { ApiTarget } from './api-path.ts';
import { selectsObject } from './fake-list-filter.ts';
import { collectionId, type FakeObjectStore, type StoreEvent } from './fake-object-store.ts';
import { Refusal } from './refusal.ts';

interface Watch {
  readonly target: ApiTarget;
  readonly query: URLSearchParams;
  readonly response: ServerResponse;
  /** Objects the client knows: one that stops matching its selector is DELETED for it. */
  readonly known: Set<string>;
}

/** The watch streams of the fake API server. */
export class FakeWatches {
  readonly #store: FakeObjectStore;
  readonly #open = new Set<Watch>();

  constructor(store: FakeObjectStore) {
    this.#store = store;
    store.listen(event => {
      for (const watch of this.#open) this.#deliver(watch, event);
    });
  }

  /** Streams open now. */
  get count(): number {
    return this.#open.size;
  }

  /** Cuts every connection that carries a watch. */
  kill(): void {
    for (const { response } of this.#open) response.socket?.destroy();
    this.#open.clear();
  }

  /** Ends every watch as a server does when its time is up. */
  end(): void {
    for (const { response } of this.#open) response.end();
    this.#open.clear();
  }

  /** Forgets the history and says so inside every stream. */
  expire(): void {
    this.#store.compact();
    for (const { response } of this.#open) {
      write(response, 'ERROR', new Refusal(410, 'Expired', 'too old resource version').status);
    }
    this.end();
  }

  /** Tells every watch that asked for it which version it has reached. */
  bookmark(): void {
    for (const { response, query, target } of this.#open) {
      if (query.get('allowWatchBookmarks') === 'true') {
        write(response, 'BOOKMARK', bookmarkOf(target, this.#store.version));
      }
    }
  }

  open(target: ApiTarget, query: URLSearchParams, response: ServerResponse): void {
    const from = Number(query.get('resourceVersion') ?? 0);
    const watch = { target, query, response, known: new Set<string>() };
    const initial = query.get('sendInitialEvents') === 'true' || from === 0;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    if (!initial && from < this.#store.oldestVersion) {
      write(response, 'ERROR', new Refusal(410, 'Expired', 'too old resource version').status);
      response.end();
      return;
    }
    if (initial) this.#sendInitial(watch);
    else this.#replay(watch, from);
    this.#open.add(watch);
    response.on('close', () => this.#open.delete(watch));
    const seconds = Number(query.get('timeoutSeconds') ?? 0);
    if (seconds > 0) setTimeout(() => response.end(), seconds * 1000).unref();
  }

  #sendInitial({ target, query, response, known }: Watch): void {
    for (const object of this.#store.all(target)) {
      if (!selectsObject(object, target, query)) continue;
      known.add(idOf(object));
      write(response, 'ADDED', object);
    }
    if (query.get('sendInitialEvents') === 'true') {
      const mark = bookmarkOf(target, this.#store.version);
      const annotations = { 'k8s.io/initial-events-end': 'true' };
      write(response, 'BOOKMARK', { ...mark, metadata: { ...mark.metadata, annotations } });
    }
  }

  #replay(watch: Watch, from: number): void {
    const missed = this.#store.since(from, watch.target);
    // What the client listed at `from`: everything there is now or that was deleted since, but not what is new.
    for (const object of this.#store.all(watch.target)) watch.known.add(idOf(object));
    for (const { type, object } of missed.toReversed()) {
      if (type === 'ADDED') watch.known.delete(idOf(object));
      else watch.known.add(idOf(object));
    }
    for (const event of missed) this.#deliver(watch, event);
  }

  #deliver({ target, query, response, known }: Watch, event: StoreEvent): void {
    if (event.collection !== collectionId(target)) return;
    const { object } = event;
    const id = idOf(object);
    const matches = event.type !== 'DELETED' && selectsObject(object, target, query);
    if (matches) {
      write(response, known.has(id) && event.type !== 'ADDED' ? 'MODIFIED' : 'ADDED', object);
      known.add(id);
    } else if (known.delete(id) && selectsNamespace(object, target)) {
      write(response, 'DELETED', object);
    }
  }
}

function selectsNamespace(object: DynamicObject, target: ApiTarget): boolean {
  return target.namespace === undefined || target.namespace === object.metadata.namespace;
}

function bookmarkOf(target: ApiTarget, version: number) {
  const { group, version: apiVersion, plural } = target;
  return {
    kind: plural,
    apiVersion: group === '' ? apiVersion : `${group}/${apiVersion}`,
    metadata: { resourceVersion: String(version) },
  };
}

function write(response: ServerResponse, type: string, object: unknown): void {
  response.write(`${JSON.stringify({ type, object })}\n`);
}

function idOf({ metadata }: DynamicObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}
