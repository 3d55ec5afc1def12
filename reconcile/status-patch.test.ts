import assert from 'node:assert/strict';
import { isConflict } from '../kube/api-error.ts';
import { KubeClient } from '../kube/client.ts';
import { type FakeApiServer, startFakeApiServer } from '../test/fake-api-server.ts';
import { type Widget, widget, widgets } from '../test/widgets.ts';
import { patchStatus } from './status-patch.ts';

describe('patchStatus', () => {
  let server: FakeApiServer;
  let client: KubeClient;

  beforeEach(async () => {
    server = await startFakeApiServer();
    client = new KubeClient(server.access());
  });

  afterEach(() => server.close());

  function patch(object: Widget, status: Record<string, unknown>): Promise<Widget> {
    return patchStatus(client, widgets, object, status, { fieldManager: 'test' });
  }

  it('writes nothing when the status is as it should be', async () => {
    const object = server.objects.put(widgets, { ...widget('a'), status: { list: [{ x: 1 }] } });
    assert.equal(await patch(object, { list: [{ x: 1 }] }), object);
    assert.deepEqual(server.writes(), []);
  });

  it('sends only the difference, so that fields written by others meanwhile stay', async () => {
    const object = server.objects.put(widgets, { ...widget('a'), status: { mine: 1, old: true } });
    server.objects.put(widgets, { ...object, status: { mine: 1, old: true, theirs: 2 } });
    const patched = await patch(object, { mine: 3 });
    assert.deepEqual(patched.status, { mine: 3, theirs: 2 });
  });

  it('does not overwrite a condition that somebody else has written meanwhile', async () => {
    const object = server.objects.put(widgets, widget('a'));
    server.objects.put(widgets, { ...object, status: { conditions: [{ type: 'Theirs' }] } });
    await assert.rejects(patch(object, { conditions: [{ type: 'Ours' }] }), isConflict);
  });

  it('writes conditions over an outdated view when nobody else writes them', async () => {
    const object = server.objects.put(widgets, widget('a'));
    server.objects.put(widgets, { ...object, status: { other: 1 } });
    const status = { conditions: [{ type: 'Ours' }] };
    const writer = { fieldManager: 'test', alone: true };
    const patched = await patchStatus(client, widgets, object, status, writer);
    assert.deepEqual(patched.status, { other: 1, ...status });
  });

  it('writes nothing at all over a later state when the writer is strict', async () => {
    const object = server.objects.put(widgets, widget('a'));
    server.objects.put(widgets, { ...object, status: { theirs: 1 } });
    const writer = { fieldManager: 'test', strict: true };
    await assert.rejects(patchStatus(client, widgets, object, { mine: 1 }, writer), isConflict);
  });

  it('does not write conditions into another object under the same name', async () => {
    const object = server.objects.put(widgets, widget('a'));
    server.objects.remove(widgets, object.metadata);
    server.objects.put(widgets, widget('a'));
    await assert.rejects(patch(object, { conditions: [{ type: 'Ours' }] }), isConflict);
  });
});
