import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KubeObject } from '../api/kube-object.ts';
import { builtin } from './builtin.ts';
import { KubeClient } from './client.ts';
import { type ReflectorOptions, type ReflectorSink, reflect } from './reflector.ts';
import { accessWithToken } from './token-access.ts';

type Step = (query: URLSearchParams, response: ServerResponse) => void;

/** A sink that tells what it holds, by name and resourceVersion. */
class Recorder implements ReflectorSink<KubeObject> {
  #objects = new Map<string, string>();
  #marked: Set<string> | undefined;
  replacements = 0;

  upsert(object: KubeObject) {
    const { name = '', resourceVersion = '' } = object.metadata;
    this.#objects.set(name, resourceVersion);
    this.#marked?.add(name);
  }
  remove(object: KubeObject) {
    this.#objects.delete(object.metadata.name ?? '');
  }
  startReplace() {
    this.#marked = new Set();
  }
  endReplace() {
    this.replacements++;
    for (const name of this.#objects.keys()) {
      if (!this.#marked?.has(name)) this.#objects.delete(name);
    }
    this.#marked = undefined;
  }
  get content() {
    return Object.fromEntries(this.#objects);
  }
}

interface Outcome {
  readonly sink: Recorder;
  readonly queries: readonly string[];
  /** How long each failure made it wait, in milliseconds. */
  readonly waits: readonly number[];
}

/** Answers each request with the next step; after the last step the test body has been reached. */
async function reflectAgainst(steps: Step[]): Promise<Outcome> {
  const sink = new Recorder();
  const queries: string[] = [];
  const waits: number[] = [];
  const cancel = new AbortController();
  const server = createServer((request, response) => {
    const query = new URL(request.url ?? '', 'http://x').searchParams;
    queries.push(describeQuery(query));
    const step = steps.shift();
    if (step === undefined) cancel.abort();
    else step(query, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const access = accessWithToken({ server: `http://127.0.0.1:${port}`, token: 't' });
  const options: ReflectorOptions<KubeObject> = {
    random: () => 0,
    onEvent: one => one.type === 'failed' && waits.push(one.retryInMs),
  };
  await reflect(new KubeClient(access), builtin.nodes, options, sink, cancel.signal);
  await access.close();
  server.closeAllConnections();
  server.close();
  return { sink, queries: queries.slice(0, -1), waits };
}

function describeQuery(query: URLSearchParams): string {
  if (query.has('sendInitialEvents')) return 'watch-list';
  if (query.has('watch')) return `watch from ${query.get('resourceVersion')}`;
  return `list ${query.get('limit') ?? 'whole'}${query.has('continue') ? ' continued' : ''}`;
}

const node = (name: string, resourceVersion: string) => ({
  metadata: { name, resourceVersion },
});

function event(type: string, name: string, resourceVersion: string) {
  return { type, object: node(name, resourceVersion) };
}

const filled = (resourceVersion: string) => ({
  type: 'BOOKMARK',
  object: {
    metadata: { resourceVersion, annotations: { 'k8s.io/initial-events-end': 'true' } },
  },
});

const stream =
  (...events: object[]): Step =>
  (_query, response) => {
    response.end(events.map(one => `${JSON.stringify(one)}\n`).join(''));
  };

const refuse =
  (code: number, headers = {}): Step =>
  (_query, response) => {
    response.writeHead(code, headers).end(JSON.stringify({ kind: 'Status', code }));
  };

const page =
  (resourceVersion: string, names: string[], next?: string): Step =>
  (_query, response) => {
    const metadata = { resourceVersion, ...(next === undefined ? {} : { continue: next }) };
    const items = names.map(name => node(name, resourceVersion));
    response.end(JSON.stringify({ metadata, items }));
  };

describe('reflect', () => {
  it('fills by WatchList and goes on watching on the same stream', async () => {
    const { sink, queries } = await reflectAgainst([
      stream(
        event('ADDED', 'a', '1'),
        event('ADDED', 'b', '2'),
        filled('5'),
        event('MODIFIED', 'a', '6'),
        event('DELETED', 'b', '7'),
      ),
    ]);
    assert.deepEqual(queries, ['watch-list']);
    assert.deepEqual(sink.content, { a: '6' });
  });

  it('resumes from the last version, bookmarks included, when the server ends the watch', async () => {
    const bookmark = { type: 'BOOKMARK', object: { metadata: { resourceVersion: '9' } } };
    const { sink, queries } = await reflectAgainst([
      stream(event('ADDED', 'a', '1'), filled('5')),
      stream(event('ADDED', 'b', '7')),
      stream(bookmark),
    ]);
    assert.deepEqual(queries, ['watch-list', 'watch from 5', 'watch from 7']);
    assert.deepEqual(sink.content, { a: '1', b: '7' });
    assert.equal(sink.replacements, 1);
  });

  it('falls back to pages where WatchList is refused, or never finishes', async () => {
    for (const answer of [refuse(422), refuse(400), stream(event('ADDED', 'x', '1'))]) {
      const { sink, queries } = await reflectAgainst([
        answer,
        page('3', ['a'], 'more'),
        page('3', ['b']),
        stream(event('ADDED', 'c', '4')),
      ]);
      assert.deepEqual(queries, ['watch-list', 'list 500', 'list 500 continued', 'watch from 3']);
      assert.deepEqual(sink.content, { a: '3', b: '3', c: '4' });
    }
  });

  it('lists anew after a 410, in the answer or in the stream, and forgets what has gone', async () => {
    const expired = { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } };
    for (const gone of [refuse(410), stream(expired)]) {
      const { sink, queries } = await reflectAgainst([
        stream(event('ADDED', 'a', '1'), event('ADDED', 'b', '2'), filled('2')),
        gone,
        stream(event('ADDED', 'b', '8'), filled('8')),
      ]);
      assert.deepEqual(queries, ['watch-list', 'watch from 2', 'watch-list']);
      assert.deepEqual(sink.content, { b: '8' });
    }
  });

  it('takes the list in one piece after its pages expired half-way', async () => {
    const { sink, queries } = await reflectAgainst([
      refuse(422),
      page('3', ['a'], 'more'),
      refuse(410),
      page('4', ['a', 'b']),
    ]);
    assert.deepEqual(queries.slice(1), ['list 500', 'list 500 continued', 'list whole']);
    assert.deepEqual(sink.content, { a: '4', b: '4' });
  });

  it('survives errors and killed connections without listing anew', async () => {
    const kill: Step = (_query, response) => response.socket?.resetAndDestroy();
    const { sink, queries } = await reflectAgainst([
      stream(event('ADDED', 'a', '1'), filled('1')),
      refuse(500),
      kill,
      stream(event('MODIFIED', 'a', '2')),
    ]);
    assert.deepEqual(queries, ['watch-list', 'watch from 1', 'watch from 1', 'watch from 1']);
    assert.deepEqual(sink.content, { a: '2' });
  });

  it('waits as long as Retry-After says', async () => {
    const { queries, waits } = await reflectAgainst([
      stream(filled('1')),
      refuse(429, { 'retry-after': '1' }),
      stream(event('ADDED', 'a', '2')),
    ]);
    assert.deepEqual(queries, ['watch-list', 'watch from 1', 'watch from 1']);
    assert.deepEqual(waits, [1_400]);
  });
});
