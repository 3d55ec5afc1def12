import assert from 'node:assert/strict';
import { namespaces } from '../../api/well-known.ts';
import { builtin } from '../../kube/builtin.ts';
import { KubeClient } from '../../kube/client.ts';
import { FakeApiServer } from '../../test/fake-api-server.ts';
import { extend, type Inventory } from './inventory.ts';
import { InventoryStore } from './inventory-store.ts';

const entry = { group: '', version: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'prices' };
const inventory: Inventory = extend(new Map(), [entry]);
const { signal } = new AbortController();

describe('the inventory store', () => {
  let child: FakeApiServer;

  beforeEach(async () => {
    child = await new FakeApiServer().start();
  });

  afterEach(() => child.close());

  const open = () => new InventoryStore(new KubeClient(child.access()));
  const reads = () => child.requests.filter(({ method }) => method === 'GET');

  it('reads all inventories at once, and asks for none again', async () => {
    await open().write('one', 'ns.first', inventory, signal);
    const store = open();
    assert.deepEqual(await store.read('one', signal), inventory);
    assert.deepEqual(await store.read('two', signal), new Map());
    await store.write('one', 'ns.first', inventory, signal);
    assert.equal(reads().length, 1);
    assert.equal(child.writes().length, 1);
  });

  it('tries again after a failed first read', async () => {
    await open().write('one', 'ns.first', inventory, signal);
    const store = open();
    child.failNext({ method: 'GET', with: 500 });
    await assert.rejects(store.read('one', signal));
    assert.deepEqual(await store.read('one', signal), inventory);
  });

  it('looks again when it cannot tell whether a write arrived', async () => {
    const store = open();
    await store.read('one', signal);
    child.failNext({ method: 'PATCH', with: 'kill' });
    await assert.rejects(store.write('one', 'ns.first', inventory, signal));
    assert.deepEqual(await store.read('one', signal), new Map());
    await store.write('one', 'ns.first', inventory, signal);
    assert.deepEqual(await store.read('one', signal), inventory);
  });

  it('forgets what it removes', async () => {
    const store = open();
    await store.write('one', 'ns.first', inventory, signal);
    await store.remove('one', signal);
    assert.deepEqual(await store.read('one', signal), new Map());
    const key = { namespace: namespaces.system, name: 'applied-one' };
    assert.equal(child.objects.get(builtin.configMaps, key), undefined);
  });
});
