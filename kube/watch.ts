import type { KubeObject } from '../api/kube-object.ts';
import type { Resource } from '../api/resource.ts';
import { ApiError } from './api-error.ts';
import type { KubeClient, ListOptions } from './client.ts';
import { parseJson } from './json.ts';
import { splitLines } from './line-splitter.ts';
import { queryText } from './query-text.ts';
import { resourcePath } from './resource-path.ts';
import type { Status } from './status.ts';

export interface WatchOptions
  extends Pick<ListOptions, 'namespace' | 'labelSelector' | 'fieldSelector'> {
  /** Where to start; absent with `sendInitialEvents` means now. */
  readonly resourceVersion?: string | undefined;
  /** First an event for every existing object, then a bookmark that says so (WatchList). */
  readonly sendInitialEvents?: boolean | undefined;
  /** After this long the server ends the watch. */
  readonly timeoutSeconds: number;
}

export type WatchEvent<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly object: KubeObject };

type WireEvent<T> = WatchEvent<T> | { readonly type: 'ERROR'; readonly object: Status };

/** Longer than kube-apiserver's bookmark interval of a minute; a dead link shows earlier, by the connection's ping. */
const silenceLimitMs = 150_000;

/** The events of one watch until the server ends it; throws ApiError when it refuses or reports a failure. */
export async function* watch<T extends KubeObject>(
  client: KubeClient,
  resource: Resource<T>,
  options: WatchOptions,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<T>> {
  const { namespace, ...query } = options;
  const parameters = {
    watch: true,
    allowWatchBookmarks: true,
    ...query,
    resourceVersionMatch: options.sendInitialEvents ? 'NotOlderThan' : undefined,
  };
  const path = resourcePath(resource, { namespace }) + queryText(parameters);
  const response = await client.request(
    { method: 'GET', path, bodyTimeoutMs: silenceLimitMs, longRunning: true },
    signal,
  );
  if (response.statusCode !== 200) {
    const body = await response.body.text();
    throw ApiError.fromResponse(response.statusCode, response.headers, body, `GET ${path}`);
  }
  for await (const line of splitLines(response.body)) {
    const event = parseJson<WireEvent<T>>(line);
    if (event.type === 'ERROR') throw new ApiError(event.object, event.object.code ?? 500);
    yield event;
  }
}
