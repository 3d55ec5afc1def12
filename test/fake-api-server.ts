import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Agent } from 'undici';
import type { DynamicObject } from '../api/kube-object.ts';
import { apiVersionOf, type Resource } from '../api/resource.ts';
import type { ClusterAccess } from '../kube/cluster-access.ts';
import { applyJsonPatch, type JsonPatchOperation } from '../kube/patch/json-patch.ts';
import { applyMergePatch } from '../kube/patch/merge-patch.ts';
import { type ApiTarget, parseApiPath } from './api-path.ts';
import { selectsObject } from './fake-list-filter.ts';
import { FakeObjectStore } from './fake-object-store.ts';
import { FakeWatches } from './fake-watches.ts';
import { Refusal } from './refusal.ts';

/** One request the server got. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** What to do to coming requests instead of serving them. */
export interface Failure {
  /** Which requests; all when left out. */
  readonly method?: string;
  /** Tested against path and query. */
  readonly path?: RegExp;
  /** How many of them; 1 unless told. */
  readonly times?: number;
  /** An HTTP status to answer with, `kill` to cut the connection, `hang` to never answer. */
  readonly with: number | 'kill' | 'hang';
  readonly reason?: string;
  readonly retryAfterSeconds?: number;
}

/** Answers instead of the store, for virtual resources such as TokenReview; throw a Refusal to say no. */
export type CustomAnswer = (body: DynamicObject, target: ApiTarget) => unknown;

/** A Kubernetes API server over real HTTP, with its objects in memory and switches to make it fail. */
export class FakeApiServer implements AsyncDisposable {
  readonly objects = new FakeObjectStore();
  readonly requests: RecordedRequest[] = [];
  readonly watches: FakeWatches;
  /** False: refuses sendInitialEvents, as servers without WatchList do. */
  watchList = true;
  readonly #server: Server;
  readonly #failures: (Failure & { left: number })[] = [];
  readonly #custom = new Map<string, CustomAnswer>();
  readonly #served: Resource[] = [];
  readonly #accesses: ClusterAccess[] = [];

  constructor() {
    this.watches = new FakeWatches(this.objects);
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => refuse(response, error));
    });
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get url(): URL {
    return new URL(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`);
  }

  /** How clients reach the server; closed together with it. */
  access(): ClusterAccess {
    const dispatcher = new Agent();
    const access: ClusterAccess = {
      server: this.url,
      dispatcher,
      tls: {},
      authorization: async () => undefined,
      close: () => dispatcher.destroy(),
    };
    this.#accesses.push(access);
    return access;
  }

  /** Makes the next matching requests fail. */
  failNext(failure: Failure): void {
    this.#failures.push({ ...failure, left: failure.times ?? 1 });
  }

  /** Ends every failure asked for. */
  recover(): void {
    this.#failures.length = 0;
  }

  /** Answers `method` on `path` (a pattern over the whole path) with `answer`, e.g. POST of token reviews. */
  answer(method: string, path: string, answer: CustomAnswer): void {
    this.#custom.set(`${method} ${path}`, answer);
  }

  /** Says in the discovery documents that these kinds are served; other requests do not depend on it. */
  serve(...resources: readonly Resource[]): void {
    this.#served.push(...resources);
  }

  /** The requests that change something, oldest first. */
  writes(): RecordedRequest[] {
    return this.requests.filter(({ method }) => method !== 'GET');
  }

  async close(): Promise<void> {
    this.watches.kill();
    await Promise.all(this.#accesses.map(access => access.close()));
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const method = request.method ?? 'GET';
    const body = await text(request);
    const { pathname: path, searchParams: query } = url;
    this.requests.push({ method, path, query, body, headers: request.headers });
    if (this.#fail(method, path + url.search, request, response)) return;
    const target = parseApiPath(path);
    const discovered = target ? undefined : this.#discover(path);
    if (discovered) return send(response, 200, discovered);
    if (!target) throw new Refusal(404, 'NotFound', `the server has nothing at ${path}`);
    const custom = this.#custom.get(`${method} ${path}`);
    if (custom) return send(response, 200, custom(parse(body || '{}'), target));
    if (method === 'GET' && query.get('watch') === 'true') {
      if (query.get('sendInitialEvents') === 'true' && !this.watchList) {
        throw new Refusal(422, 'Invalid', 'sendInitialEvents is forbidden for watch');
      }
      return this.watches.open(target, query, response);
    }
    const code = method === 'POST' ? 201 : 200;
    send(response, code, this.#answer(method, target, query, body, request));
  }

  #discover(path: string): unknown {
    const [, root, ...rest] = path.split('/');
    const groupVersion = rest.join('/');
    const here = this.#served.filter(resource => apiVersionOf(resource) === groupVersion);
    if (here.length === 0 || root !== (groupVersion.includes('/') ? 'apis' : 'api'))
      return undefined;
    const resources = here.map(({ plural, kind, namespaced }) => ({
      name: plural,
      kind,
      namespaced,
    }));
    return { kind: 'APIResourceList', groupVersion, resources };
  }

  #answer(
    method: string,
    target: ApiTarget,
    query: URLSearchParams,
    body: string,
    request: IncomingMessage,
  ): unknown {
    const manager = query.get('fieldManager') ?? managerOf(request.headers['user-agent']);
    const writer = { manager, operation: 'Update' as const };
    switch (method) {
      case 'GET':
        return target.name === undefined ? this.#list(target, query) : this.objects.read(target);
      case 'POST':
        return this.objects.create(target, parse(body), writer);
      case 'PUT':
        return this.objects.update(target, () => parse(body), writer);
      case 'PATCH':
        return this.#patch(
          target,
          query,
          parse(body),
          request.headers['content-type'] ?? '',
          manager,
        );
      case 'DELETE':
        return this.objects.delete(target, preconditionsOf(body));
      default:
        throw new Refusal(405, 'MethodNotAllowed', `${method} is not supported`);
    }
  }

  #patch(
    target: ApiTarget,
    query: URLSearchParams,
    body: unknown,
    type: string,
    manager: string,
  ): unknown {
    const writer = { manager, operation: 'Update' as const };
    if (type.startsWith('application/apply-patch')) {
      const force = query.get('force') === 'true';
      return this.objects.apply(target, body as DynamicObject, manager, force);
    }
    if (!type.startsWith('application/json-patch')) {
      const merge = (live: DynamicObject) => applyMergePatch(live, body) as DynamicObject;
      return this.objects.update(target, merge, writer);
    }
    try {
      const operations = body as JsonPatchOperation[];
      const change = (live: DynamicObject) => applyJsonPatch(live, operations) as DynamicObject;
      return this.objects.update(target, change, writer);
    } catch (error) {
      if (error instanceof Refusal) throw error;
      throw new Refusal(422, 'Invalid', error instanceof Error ? error.message : String(error));
    }
  }

  #list(target: ApiTarget, query: URLSearchParams): unknown {
    const [position = 0, version = this.objects.version] = readToken(query.get('continue'));
    if (version < this.objects.oldestVersion) {
      throw new Refusal(410, 'Expired', 'the provided continue parameter is too old');
    }
    const all = this.objects.all(target).filter(object => selectsObject(object, target, query));
    const limit = Number(query.get('limit') ?? 0) || all.length;
    const items = all.slice(position, position + limit);
    const next = position + items.length;
    return {
      kind: 'List',
      apiVersion: 'v1',
      metadata: {
        resourceVersion: String(version),
        ...(next < all.length && { continue: `${next}.${version}` }),
      },
      items,
    };
  }

  #fail(method: string, path: string, request: IncomingMessage, response: ServerResponse): boolean {
    const failure = this.#failures.find(
      ({ left, method: only = method, path: pattern }) =>
        left > 0 && only === method && (pattern?.test(path) ?? true),
    );
    if (!failure) return false;
    failure.left--;
    if (failure.with === 'hang') return true;
    if (failure.with === 'kill') {
      request.socket.destroy();
      return true;
    }
    const { with: code, reason = 'InternalError', retryAfterSeconds } = failure;
    refuse(response, new Refusal(code, reason, 'made to fail by the test', retryAfterSeconds));
    return true;
  }
}

/** A running {@link FakeApiServer} on a free port of the loopback interface. */
export function startFakeApiServer(): Promise<FakeApiServer> {
  return new FakeApiServer().start();
}

function send(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function refuse(response: ServerResponse, error: unknown): void {
  const refusal =
    error instanceof Refusal ? error : new Refusal(500, 'InternalError', String(error));
  const { retryAfterSeconds } = refusal;
  if (retryAfterSeconds !== undefined) response.setHeader('retry-after', retryAfterSeconds);
  send(response, refusal.code, refusal.status);
}

function parse(body: string): DynamicObject {
  try {
    return JSON.parse(body);
  } catch {
    throw new Refusal(400, 'BadRequest', 'the body is not JSON');
  }
}

function preconditionsOf(body: string): { uid?: string; resourceVersion?: string } {
  return body === '' ? {} : ((parse(body).preconditions as object | undefined) ?? {});
}

/** As kube-apiserver: without a fieldManager the user agent up to the first slash. */
function managerOf(userAgent: string | undefined): string {
  return userAgent?.split('/')[0] ?? 'unknown';
}

function readToken(token: string | null): number[] {
  return token === null ? [] : token.split('.').map(Number);
}
