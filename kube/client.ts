import type { Readable } from 'node:stream';
import { request as send } from 'undici';
import type { KubeObject } from '../api/kube-object.ts';
import { apiVersionOf, type Resource } from '../api/resource.ts';
import { ApiError, isNotFound } from './api-error.ts';
import type { ClusterAccess } from './cluster-access.ts';
import { parseJson, toYamlSafeJson } from './json.ts';
import { queryText } from './query-text.ts';
import { resourcePath } from './resource-path.ts';
import { retryDelay } from './retry-delay.ts';
import { sleep } from './sleep.ts';

/** Names one object; the namespace is left out for cluster-scoped kinds. */
export interface ObjectKey {
  readonly namespace?: string | undefined;
  readonly name: string;
}

export interface ListOptions {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly limit?: number | undefined;
  readonly continue?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly resourceVersionMatch?: 'Exact' | 'NotOlderThan' | undefined;
}

/** One page of a list, or all of it when no limit was asked for. */
export interface ObjectList<T> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: T[];
}

export interface Patch {
  readonly type: 'merge' | 'json' | 'strategic';
  readonly body: unknown;
}

export interface WriteOptions {
  readonly fieldManager?: string | undefined;
  readonly subresource?: string | undefined;
  readonly dryRun?: boolean | undefined;
}

export interface ApplyOptions extends WriteOptions {
  readonly fieldManager: string;
  /** Take fields over from other managers instead of failing with a conflict. */
  readonly force?: boolean | undefined;
}

export interface DeleteOptions {
  /** Preconditions: a different object under the same name is left alone (409). */
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan' | undefined;
  readonly gracePeriodSeconds?: number | undefined;
}

/** What server-side apply sends: an object with only the fields this manager cares for. */
export type ApplyConfiguration = KubeObject;

export interface RawRequest {
  readonly method: string;
  /** Path with query, relative to the access's server URL. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | Buffer | Readable | undefined;
  /** Longest silence while the body comes; absent means no limit. */
  readonly bodyTimeoutMs?: number | undefined;
  /** The answer goes on for long, as a watch does: it shares a connection with others of its kind. */
  readonly longRunning?: boolean | undefined;
}

export interface RawResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Must be read to its end or destroyed. */
  readonly body: Readable & { text(): Promise<string> };
}

const pageSize = 500;
/** kube-apiserver gives up on an ordinary request after 60 seconds. */
const answerTimeoutMs = 70_000;
const patchTypes = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};

/**
 * Speaks plain JSON to one API server. Objects pass whole: fields we know nothing of, nulls in patches and
 * digits of large integers arrive as they were. Refusals are ApiErrors.
 */
export class KubeClient {
  readonly access: ClusterAccess;
  readonly #userAgent: string;

  constructor(access: ClusterAccess, options: { userAgent?: string } = {}) {
    this.access = access;
    this.#userAgent = options.userAgent ?? 'clusternet';
  }

  get<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, signal?: AbortSignal) {
    return this.requestJson<T>({ method: 'GET', path: resourcePath(resource, key) }, signal);
  }

  /** As get, but undefined when there is no such object. */
  async find<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    signal?: AbortSignal,
  ): Promise<T | undefined> {
    try {
      return await this.get(resource, key, signal);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async list<T extends KubeObject>(
    resource: Resource<T>,
    options: ListOptions = {},
    signal?: AbortSignal,
  ): Promise<ObjectList<T>> {
    const { namespace, ...query } = options;
    const path = resourcePath(resource, { namespace }) + queryText(query);
    const list = await this.requestJson<{
      metadata: ObjectList<T>['metadata'];
      items: Omit<T, 'apiVersion' | 'kind'>[] | null;
    }>({ method: 'GET', path }, signal);
    // Lists of built-in kinds name the kind once, not in each item.
    const { kind } = resource;
    const apiVersion = apiVersionOf(resource);
    const items = (list.items ?? []).map(item => ({ apiVersion, kind, ...item }) as T);
    return { metadata: list.metadata, items };
  }

  /** Every object, read in pages; throws the 410 when the server forgets the list half-way. */
  async listAll<T extends KubeObject>(
    resource: Resource<T>,
    options: Omit<ListOptions, 'limit' | 'continue'> = {},
    signal?: AbortSignal,
  ): Promise<T[]> {
    // A continue token carries the version it belongs to; repeating it is refused.
    const { resourceVersion, resourceVersionMatch, ...filter } = options;
    const all: T[] = [];
    let page = await this.list(resource, { ...options, limit: pageSize }, signal);
    for (;;) {
      for (const item of page.items) all.push(item);
      if (!page.metadata.continue) break;
      const next = { ...filter, limit: pageSize, continue: page.metadata.continue };
      page = await this.list(resource, next, signal);
    }
    return all;
  }

  /** Creates the object in the namespace its metadata names. */
  create<T extends KubeObject>(resource: Resource<T>, object: T, signal?: AbortSignal) {
    const { namespace } = object.metadata;
    const name = object.metadata.name ?? `${object.metadata.generateName ?? ''}…`;
    if (resource.namespaced) resourcePath(resource, { namespace, name });
    const path = resourcePath(resource, { namespace });
    return this.#write<T>('POST', path, JSON.stringify(object), 'application/json', signal);
  }

  replace<T extends KubeObject>(resource: Resource<T>, object: T, signal?: AbortSignal) {
    const path = resourcePath(resource, keyOf(object));
    return this.#write<T>('PUT', path, JSON.stringify(object), 'application/json', signal);
  }

  patch<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    patch: Patch,
    options: WriteOptions = {},
    signal?: AbortSignal,
  ): Promise<T> {
    const path = resourcePath(resource, { ...key, subresource: options.subresource });
    const query = writeQuery(options);
    const body = JSON.stringify(patch.body);
    return this.#write('PATCH', path + query, body, patchTypes[patch.type], signal);
  }

  /** Server-side apply. */
  apply<T extends KubeObject>(
    resource: Resource<T>,
    object: ApplyConfiguration,
    options: ApplyOptions,
    signal?: AbortSignal,
  ): Promise<T> {
    const path = resourcePath(resource, { ...keyOf(object), subresource: options.subresource });
    const query = writeQuery(options, options.force);
    return this.#write(
      'PATCH',
      path + query,
      toYamlSafeJson(object),
      'application/apply-patch+yaml',
      signal,
    );
  }

  /** Asks for deletion; an object that is already gone counts as success. */
  async delete(
    resource: Resource,
    key: ObjectKey,
    options: DeleteOptions = {},
    signal?: AbortSignal,
  ): Promise<void> {
    const { uid, resourceVersion, ...rest } = options;
    const preconditions = { uid, resourceVersion };
    const body = JSON.stringify({
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      preconditions,
      ...rest,
    });
    try {
      await this.#write('DELETE', resourcePath(resource, key), body, 'application/json', signal);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /** Posts to a subresource that answers with an object of its own, such as serviceaccounts/token. */
  createSubresource<R>(
    resource: Resource,
    key: ObjectKey,
    subresource: string,
    body: unknown,
    signal?: AbortSignal,
  ): Promise<R> {
    const path = resourcePath(resource, { ...key, subresource });
    return this.#write('POST', path, JSON.stringify(body), 'application/json', signal);
  }

  /** One HTTP exchange as it is: no retry, no judgement of the status, the body unread. */
  async request(options: RawRequest, signal?: AbortSignal): Promise<RawResponse> {
    const { server, dispatcher } = this.access;
    const authorization = await this.access.authorization();
    const response = await send(server.origin + server.pathname.replace(/\/$/, '') + options.path, {
      dispatcher,
      method: options.method as 'GET',
      headers: {
        accept: 'application/json',
        'user-agent': this.#userAgent,
        ...(authorization === undefined ? {} : { authorization }),
        ...options.headers,
      },
      body: options.body ?? null,
      signal: signal ?? null,
      headersTimeout: answerTimeoutMs,
      bodyTimeout: options.bodyTimeoutMs ?? 0,
      blocking: options.longRunning ?? false,
    });
    if (response.statusCode === 401) this.access.onUnauthorized?.();
    return response;
  }

  /** One call whose answer is JSON; repeats what may be repeated (see retryDelay). */
  async requestJson<R>(options: RawRequest, signal?: AbortSignal): Promise<R> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#exchange<R>(options, signal);
      } catch (error) {
        const delay = signal?.aborted ? undefined : retryDelay(options.method, attempt, error);
        if (delay === undefined) throw error;
        await sleep(delay, signal);
      }
    }
  }

  async #exchange<R>(options: RawRequest, signal?: AbortSignal): Promise<R> {
    const request = { bodyTimeoutMs: answerTimeoutMs, ...options };
    const response = await this.request(request, signal);
    const text = await response.body.text();
    if (response.statusCode < 200 || response.statusCode > 299) {
      const name = `${options.method} ${options.path}`;
      throw ApiError.fromResponse(response.statusCode, response.headers, text, name);
    }
    return parseJson<R>(text);
  }

  #write<R>(method: string, path: string, body: string, type: string, signal?: AbortSignal) {
    const headers = { 'content-type': type };
    return this.requestJson<R>({ method, path, headers, body }, signal);
  }
}

function keyOf(object: KubeObject): ObjectKey {
  return { namespace: object.metadata.namespace, name: object.metadata.name ?? '' };
}

function writeQuery(options: WriteOptions, force?: boolean): string {
  const dryRun = options.dryRun ? 'All' : undefined;
  return queryText({ fieldManager: options.fieldManager, force: force || undefined, dryRun });
}
