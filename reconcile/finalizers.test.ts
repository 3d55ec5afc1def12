import assert from 'node:assert/strict';
import { isConflict } from '../kube/api-error.ts';
import { KubeClient } from '../kube/client.ts';
import { type FakeApiServer, startFakeApiServer } from '../test/fake-api-server.ts';
import { widget, widgets } from '../test/widgets.ts';
import { addFinalizer, removeFinalizer } from './finalizers.ts';

const key = { namespace: 'default', name: 'a' };

describe('finalizers', () => {
  let server: FakeApiServer;
  let client: KubeClient;

  beforeEach(async () => {
    server = await startFakeApiServer();
    client = new KubeClient(server.access());
  });

  afterEach(() => server.close());

  function put(...finalizers: string[]) {
    return server.objects.put(widgets, widget('a', {}, { finalizers }));
  }

  function finalizers(): readonly string[] | undefined {
    return server.objects.get(widgets, key)?.metadata.finalizers;
  }

  it('are added beside those of others, once', async () => {
    const object = await addFinalizer(client, widgets, put('theirs'), 'ours');
    assert.deepEqual(finalizers(), ['theirs', 'ours']);
    assert.equal(await addFinalizer(client, widgets, object, 'ours'), object);
    assert.equal(server.writes().length, 1);
  });

  it('are not added on the strength of an outdated object', async () => {
    const old = put();
    put('theirs');
    await assert.rejects(addFinalizer(client, widgets, old, 'ours'), isConflict);
    assert.deepEqual(finalizers(), ['theirs']);
  });

  it('are removed without touching others, even when the list has moved meanwhile', async () => {
    const old = put('first', 'ours', 'last');
    put('ours', 'last');
    await removeFinalizer(client, widgets, old, 'ours');
    assert.deepEqual(finalizers(), ['last']);
  });

  it('are not removed from another object under the same name', async () => {
    const old = put('ours');
    server.objects.remove(widgets, key);
    put('ours');
    await removeFinalizer(client, widgets, old, 'ours');
    assert.deepEqual(finalizers(), ['ours']);
  });

  it('count as removed when the object is gone', async () => {
    const old = put('ours');
    server.objects.remove(widgets, key);
    await removeFinalizer(client, widgets, old, 'ours');
  });
});
