import assert from 'node:assert/strict';
import { ApiError, isConflict } from '../kube/api-error.ts';
import { KubeClient } from '../kube/client.ts';
import { type FakeApiServer, startFakeApiServer } from './fake-api-server.ts';
import { type Widget, widget, widgets } from './widgets.ts';

const key = { namespace: 'default', name: 'a' };

describe('FakeApiServer', () => {
  let server: FakeApiServer;
  let client: KubeClient;

  beforeEach(async () => {
    server = await startFakeApiServer();
    client = new KubeClient(server.access());
  });

  afterEach(() => server.close());

  it('raises the generation with the spec only, and keeps status to its subresource', async () => {
    const created = await client.create(widgets, { ...widget('a'), status: { ready: true } });
    assert.equal(created.status, undefined);
    const patch = { type: 'merge', body: { spec: { size: 1 }, status: { ready: true } } } as const;
    const main = await client.patch(widgets, key, patch);
    assert.deepEqual(
      [main.metadata.generation, main.spec, main.status],
      [2, { size: 1 }, undefined],
    );
    const body = { ...patch.body, spec: { size: 2 } };
    const status = await client.patch(widgets, key, { ...patch, body }, { subresource: 'status' });
    assert.deepEqual(
      [status.metadata.generation, status.spec, status.status],
      [2, { size: 1 }, { ready: true }],
    );
  });

  it('does not count a write that changes nothing', async () => {
    const { metadata } = await client.create(widgets, widget('a', { size: 1 }));
    const same = await client.patch(widgets, key, { type: 'merge', body: { spec: { size: 1 } } });
    assert.equal(same.metadata.resourceVersion, metadata.resourceVersion);
  });

  it('refuses a write based on an older version', async () => {
    const old = await client.create(widgets, widget('a'));
    await client.patch(widgets, key, { type: 'merge', body: { spec: { size: 1 } } });
    await assert.rejects(client.replace(widgets, { ...old, spec: { size: 2 } }), isConflict);
  });

  it('keeps a deleted object until its last finalizer is gone', async () => {
    await client.create(widgets, widget('a', {}, { finalizers: ['x'] }));
    await client.delete(widgets, key);
    assert.ok((await client.get(widgets, key)).metadata.deletionTimestamp);
    await client.patch(widgets, key, { type: 'merge', body: { metadata: { finalizers: null } } });
    assert.equal(await client.find(widgets, key), undefined);
  });

  it('leaves another object under the same name alone when a deletion names a UID', async () => {
    await client.create(widgets, widget('a'));
    await assert.rejects(client.delete(widgets, key, { uid: 'other' }), isConflict);
  });

  describe('server-side apply', () => {
    const apply = (manager: string, spec: Widget['spec'], force = false) =>
      client.apply(widgets, widget('a', spec), { fieldManager: manager, force });

    it('takes back what a manager no longer applies and nothing else', async () => {
      await apply('one', { size: 1, colour: 'red' });
      await apply('two', { weight: 5 });
      assert.deepEqual((await apply('one', { size: 1 })).spec, { size: 1, weight: 5 });
    });

    it('names the manager that owns a field with another value, unless forced', async () => {
      await client.create(widgets, widget('a', { size: 1 }));
      await client.patch(
        widgets,
        key,
        { type: 'merge', body: { spec: { size: 2 } } },
        { fieldManager: 'kubectl' },
      );
      await assert.rejects(apply('one', { size: 3 }), (error: ApiError) => {
        assert.match(error.message, /conflict with "kubectl": \/spec\/size/);
        return isConflict(error);
      });
      const forced = await apply('one', { size: 3 }, true);
      assert.deepEqual(forced.spec, { size: 3 });
      const managers = forced.metadata.managedFields as { manager: string; operation: string }[];
      assert.ok(
        managers.some(({ manager, operation }) => manager === 'one' && operation === 'Apply'),
      );
    });

    it('keeps the conditions that other managers apply', async () => {
      await client.create(widgets, widget('a', {}));
      const tell = (fieldManager: string, ...types: string[]) => {
        const status = { conditions: types.map(type => ({ type, status: 'True' })) };
        const told = Object.assign(widget('a', {}), { status });
        return client.apply(widgets, told, { fieldManager, subresource: 'status' });
      };
      const typesOf = (object: object) =>
        (object as { status: { conditions: { type: string }[] } }).status.conditions.map(
          ({ type }) => type,
        );
      await tell('one', 'Ready', 'Fresh');
      assert.deepEqual(typesOf(await tell('two', 'Seen')), ['Ready', 'Fresh', 'Seen']);
      assert.deepEqual(typesOf(await tell('one', 'Ready')), ['Ready', 'Seen']);
    });

    it('changes nothing when applied a second time', async () => {
      const first = await apply('one', { size: 1, list: [{ a: 1 }] });
      const second = await apply('one', { size: 1, list: [{ a: 1 }] });
      assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion);
    });
  });

  it('lists in pages by label and field, and forgets a position when told to', async () => {
    for (const name of ['a', 'b', 'c', 'd']) {
      await client.create(
        widgets,
        widget(name, {}, { labels: { even: String('bd'.includes(name)) } }),
      );
    }
    const even = await client.listAll(widgets, { labelSelector: 'even=true' });
    assert.deepEqual(
      even.map(({ metadata }) => metadata.name),
      ['b', 'd'],
    );
    const named = await client.listAll(widgets, { fieldSelector: 'metadata.name=c' });
    assert.equal(named.length, 1);
    const page = await client.list(widgets, { limit: 3 });
    assert.equal(page.items.length, 3);
    const position = page.metadata.continue ?? '';
    assert.equal((await client.list(widgets, { limit: 3, continue: position })).items.length, 1);
    server.objects.compact();
    await assert.rejects(client.list(widgets, { limit: 3, continue: position }), { code: 410 });
  });

  it('fails exactly the requests it is told to fail', async () => {
    server.failNext({ method: 'PATCH', path: /widgets\/a/, with: 500 });
    await client.create(widgets, widget('a'));
    const patch = () => client.patch(widgets, key, { type: 'merge', body: { spec: { size: 1 } } });
    await assert.rejects(
      patch(),
      (error: unknown) => error instanceof ApiError && error.code === 500,
    );
    assert.deepEqual((await patch()).spec, { size: 1 });
    assert.deepEqual(
      server.writes().map(({ method }) => method),
      ['POST', 'PATCH', 'PATCH'],
    );
  });

  it('answers virtual resources as the test says', async () => {
    server.answer('POST', '/apis/authentication.k8s.io/v1/tokenreviews', body => ({
      ...body,
      status: { authenticated: true },
    }));
    const answer = await client.requestJson<Widget>({
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/tokenreviews',
      body: JSON.stringify({ kind: 'TokenReview' }),
    });
    assert.deepEqual(answer.status, { authenticated: true });
  });
});
