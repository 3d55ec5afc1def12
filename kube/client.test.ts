import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import type { DynamicObject } from '../api/kube-object.ts';
import type { Resource } from '../api/resource.ts';
import { isForbidden } from './api-error.ts';
import { builtin } from './builtin.ts';
import { KubeClient } from './client.ts';
import { accessWithToken } from './token-access.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

const widgets: Resource<DynamicObject> = {
  group: 'example.com',
  version: 'v1',
  plural: 'widgets',
  kind: 'Widget',
  namespaced: true,
};

/** Runs `use` with a client of a server that answers with `handler`. */
async function withServer(handler: Handler, use: (client: KubeClient) => Promise<void>) {
  const server = createServer((request, response) => void handler(request, response));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const access = accessWithToken({ server: `http://127.0.0.1:${port}`, token: 'secret' });
  try {
    await use(new KubeClient(access));
  } finally {
    await access.close();
    server.closeAllConnections();
    server.close();
  }
}

function answer(response: ServerResponse, code: number, body: unknown, headers = {}) {
  response.writeHead(code, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

describe('KubeClient', () => {
  it('brings any JSON object through get, apply and get unchanged', async () => {
    let stored = '{}';
    const handler: Handler = async (request, response) => {
      if (request.method === 'PATCH') stored = await text(request);
      response.setHeader('content-type', 'application/json').end(stored);
    };
    const field = fc.string({ unit: 'binary' }).filter(name => name !== '__proto__');
    const extra = fc.dictionary(field, fc.jsonValue({ stringUnit: 'binary' }), {
      noNullPrototype: true,
    });
    await withServer(handler, async client => {
      await fc.assert(
        fc.asyncProperty(extra, async fields => {
          const object = {
            ...fields,
            apiVersion: 'example.com/v1',
            kind: 'Widget',
            metadata: { namespace: 'a', name: 'b' },
          };
          const wanted = JSON.stringify(JSON.parse(JSON.stringify(object)));
          stored = wanted;
          const first = await client.get(widgets, object.metadata);
          assert.equal(JSON.stringify(first), wanted);
          const applied = await client.apply(widgets, first, { fieldManager: 'test', force: true });
          assert.equal(JSON.stringify(applied), wanted);
          const second = await client.get(widgets, object.metadata);
          assert.equal(JSON.stringify(second), wanted);
        }),
      );
    });
  });

  it('sends the token, the content type and the options of an apply', async () => {
    const seen: IncomingMessage[] = [];
    const handler: Handler = (request, response) => {
      seen.push(request);
      answer(response, 200, {});
    };
    await withServer(handler, async client => {
      const metadata = { namespace: 'a', name: 'b' };
      const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
      await client.apply(builtin.configMaps, object, { fieldManager: 'me', force: true });
    });
    const [request] = seen;
    assert.equal(request?.url, '/api/v1/namespaces/a/configmaps/b?fieldManager=me&force=true');
    assert.equal(request?.headers.authorization, 'Bearer secret');
    assert.equal(request?.headers['content-type'], 'application/apply-patch+yaml');
  });

  it('keeps nulls in a merge patch', async () => {
    let body = '';
    const handler: Handler = async (request, response) => {
      body = await text(request);
      answer(response, 200, {});
    };
    await withServer(handler, async client => {
      const patch = { type: 'merge', body: { metadata: { labels: { gone: null } } } } as const;
      await client.patch(builtin.nodes, { name: 'n' }, patch);
    });
    assert.equal(body, '{"metadata":{"labels":{"gone":null}}}');
  });

  it('follows pages and fills in the kind that list items lack', async () => {
    const handler: Handler = (request, response) => {
      const query = new URL(request.url ?? '', 'http://x').searchParams;
      const items = [{ metadata: { name: query.get('continue') ?? 'first' } }];
      const next = query.has('continue') ? {} : { continue: 'second' };
      assert.equal(query.has('resourceVersion'), !query.has('continue'));
      answer(response, 200, { metadata: { resourceVersion: '5', ...next }, items });
    };
    await withServer(handler, async client => {
      const all = await client.listAll(builtin.nodes, { resourceVersion: '0' });
      assert.deepEqual(
        all.map(node => [node.kind, node.apiVersion, node.metadata.name]),
        [
          ['Node', 'v1', 'first'],
          ['Node', 'v1', 'second'],
        ],
      );
    });
  });

  it('throws the Status, and finds nothing where there is nothing', async () => {
    const handler: Handler = (request, response) => {
      const code = request.url?.endsWith('/gone') ? 404 : 403;
      answer(response, code, { kind: 'Status', message: 'not yours', reason: 'Forbidden' });
    };
    await withServer(handler, async client => {
      assert.equal(await client.find(builtin.nodes, { name: 'gone' }), undefined);
      await client.delete(builtin.nodes, { name: 'gone' });
      const refused = client.get(builtin.nodes, { name: 'kept' });
      await assert.rejects(refused, error => isForbidden(error) && error.message === 'not yours');
    });
  });

  it('sends the preconditions of a deletion', async () => {
    let body: unknown;
    const handler: Handler = async (request, response) => {
      body = JSON.parse(await text(request));
      answer(response, 200, {});
    };
    await withServer(handler, client =>
      client.delete(builtin.nodes, { name: 'n' }, { uid: 'u', propagationPolicy: 'Foreground' }),
    );
    assert.deepEqual(body, {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      preconditions: { uid: 'u' },
      propagationPolicy: 'Foreground',
    });
  });

  it('waits as long as Retry-After says, but not for a POST', async () => {
    let calls = 0;
    const handler: Handler = (_request, response) => {
      calls++;
      if (calls % 2 === 1) answer(response, 429, { kind: 'Status' }, { 'retry-after': '0' });
      else answer(response, 200, { metadata: { name: 'n' } });
    };
    await withServer(handler, async client => {
      assert.equal((await client.get(builtin.nodes, { name: 'n' })).metadata.name, 'n');
      assert.equal(calls, 2);
      const object = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } };
      await assert.rejects(client.create(builtin.nodes, object), { code: 429 });
      assert.equal(calls, 3);
    });
  });

  it('repeats a GET whose connection was reset, once', async () => {
    let calls = 0;
    const handler: Handler = (request, response) => {
      calls++;
      if (calls === 2) answer(response, 200, { metadata: { name: 'n' } });
      else request.socket.resetAndDestroy();
    };
    await withServer(handler, async client => {
      assert.equal((await client.get(builtin.nodes, { name: 'n' })).metadata.name, 'n');
      await assert.rejects(client.get(builtin.nodes, { name: 'n' }));
      assert.equal(calls, 4);
    });
  });

  it('gives up at once when told to', async () => {
    const handler: Handler = (_request, response) =>
      answer(response, 503, { kind: 'Status' }, { 'retry-after': '20' });
    await withServer(handler, async client => {
      const cancel = new AbortController();
      const call = client.get(builtin.nodes, { name: 'n' }, cancel.signal);
      cancel.abort();
      await assert.rejects(call, { name: 'AbortError' });
    });
  });
});
