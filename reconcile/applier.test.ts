import assert from 'node:assert/strict';
import { isConflict } from '../kube/api-error.ts';
import { KubeClient } from '../kube/client.ts';
import { type FakeApiServer, startFakeApiServer } from '../test/fake-api-server.ts';
import { widget, widgets } from '../test/widgets.ts';
import { Applier } from './applier.ts';

const signal = new AbortController().signal;
const key = { namespace: 'default', name: 'a' };

describe('Applier', () => {
  let server: FakeApiServer;
  let client: KubeClient;
  let applier: Applier;

  beforeEach(async () => {
    server = await startFakeApiServer();
    client = new KubeClient(server.access());
    applier = new Applier(client, 'one');
  });

  afterEach(() => server.close());

  function apply(spec: Record<string, unknown>, options: { force?: boolean } = {}) {
    return applier.apply(widgets, widget('a', spec), options, signal);
  }

  it('writes the first time and nothing the second time', async () => {
    assert.equal(await apply({ size: 1 }), 'applied');
    assert.equal(server.writes().length, 1);
    assert.equal(await apply({ size: 1 }), 'unchanged');
    assert.equal(server.writes().length, 1);
  });

  it('writes what is wanted anew, and takes back what is no longer wanted', async () => {
    await apply({ size: 1, colour: 'red' });
    assert.equal(await apply({ size: 2 }), 'applied');
    assert.deepEqual(server.objects.get(widgets, key)?.spec, { size: 2 });
  });

  it('puts back what somebody else changed', async () => {
    await apply({ size: 1 });
    server.objects.put(widgets, widget('a', { size: 5 }));
    assert.equal(await apply({ size: 1 }), 'applied');
    assert.deepEqual(server.objects.get(widgets, key)?.spec, { size: 1 });
  });

  it('does not write when only fields that are not its own have changed', async () => {
    await apply({ size: 1 });
    const status = { type: 'merge', body: { status: { ready: true } } } as const;
    await client.patch(widgets, key, status, { subresource: 'status' });
    const before = server.writes().length;
    assert.equal(await apply({ size: 1 }), 'unchanged');
    assert.equal(server.writes().length, before);
  });

  it('creates an object anew that was deleted, or deleted and made by somebody else', async () => {
    await apply({ size: 1 });
    server.objects.remove(widgets, key);
    assert.equal(await apply({ size: 1 }), 'applied');
    server.objects.remove(widgets, key);
    server.objects.put(widgets, widget('a', { size: 1 }));
    const before = server.writes().length;
    await apply({ size: 1 });
    assert.equal(server.writes().length, before + 1);
  });

  it('says unchanged when, after a restart, the server finds nothing to write', async () => {
    await apply({ size: 1 });
    const version = server.objects.version;
    applier = new Applier(client, 'one');
    assert.equal(await apply({ size: 1 }), 'unchanged');
    assert.equal(server.objects.version, version);
  });

  it('reports the manager in its way, and takes over when told to', async () => {
    await client.apply(widgets, widget('a', { size: 9 }), { fieldManager: 'two' });
    await assert.rejects(
      apply({ size: 1 }),
      error => isConflict(error) && /"two"/.test(error.message),
    );
    assert.equal(await apply({ size: 1 }, { force: true }), 'applied');
    assert.deepEqual(server.objects.get(widgets, key)?.spec, { size: 1 });
  });

  it('asks the cache it is given instead of the server', async () => {
    applier = new Applier(client, 'one', (resource, { namespace = '', name }) =>
      server.objects.get(resource, { namespace, name }),
    );
    await apply({ size: 1 });
    await apply({ size: 1 });
    assert.deepEqual(
      server.requests.map(({ method }) => method),
      ['PATCH'],
    );
  });
});
