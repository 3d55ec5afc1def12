import assert from 'node:assert/strict';
import { builtin } from '../../kube/builtin.ts';
import type { Lease } from '../../kube/builtin-kinds.ts';
import { KubeClient } from '../../kube/client.ts';
import { type FakeApiServer, startFakeApiServer } from '../../test/fake-api-server.ts';
import { TunnelLeaseController } from './tunnel-lease-controller.ts';

const key = { namespace: 'clusternet-system', name: 'tunnel-a' };
const since = new Date('2026-01-02T03:04:05.678Z');
const never = new AbortController().signal;

describe('TunnelLeaseController', () => {
  let api: FakeApiServer;
  let client: KubeClient;

  beforeEach(async () => {
    api = await startFakeApiServer();
    client = new KubeClient(api.access());
  });
  afterEach(() => api[Symbol.asyncDispose]());

  const controller = (replica: string) =>
    new TunnelLeaseController({ client, namespace: key.namespace, replica });
  const lease = (): Promise<Lease> => client.get(builtin.leases, key);

  it('writes once per connection: holder, epoch, since when, and the cluster as a label', async () => {
    const one = controller('one');
    one.note('a', { kind: 'held', since });
    await one.reconcile('a', never);
    const { spec, metadata } = await lease();
    assert.equal(spec?.holderIdentity, 'one');
    assert.equal(spec?.leaseTransitions, 1);
    assert.equal(spec?.renewTime, '2026-01-02T03:04:05.678000Z');
    assert.equal(metadata.labels?.['clusters.clusternet.io/cluster-id'], 'a');
    const writes = api.writes().length;
    await one.reconcile('a', never);
    assert.equal(api.writes().length, writes, 'a steady state writes nothing');
    one.note('a', { kind: 'held', since: new Date(since.getTime() + 1_000) });
    await one.reconcile('a', never);
    assert.equal((await lease()).spec?.leaseTransitions, 2);
  });

  it('frees the Lease when the loss is certain, and keeps the epoch', async () => {
    const one = controller('one');
    one.note('a', { kind: 'held', since });
    await one.reconcile('a', never);
    one.note('a', { kind: 'lost' });
    await one.reconcile('a', never);
    const { spec } = await lease();
    assert.equal(spec?.holderIdentity || undefined, undefined);
    assert.equal(spec?.leaseTransitions, 1);
    await one.reconcile('a', never);
    assert.equal(api.writes().length, 2);
  });

  it('leaves a Lease alone that another replica has taken meanwhile', async () => {
    const [one, two] = [controller('one'), controller('two')];
    one.note('a', { kind: 'held', since });
    await one.reconcile('a', never);
    two.note('a', { kind: 'held', since });
    await two.reconcile('a', never);
    one.note('a', { kind: 'lost' });
    await one.reconcile('a', never);
    const { spec } = await lease();
    assert.deepEqual([spec?.holderIdentity, spec?.leaseTransitions], ['two', 2]);
  });

  it('writes what it held before its source was started', () => {
    const one = controller('one');
    one.note('a', { kind: 'held', since });
    const keys: string[] = [];
    const stop = one.sources[0]?.start(added => keys.push(added));
    one.note('b', { kind: 'lost' });
    stop?.();
    one.note('c', { kind: 'lost' });
    assert.deepEqual(keys, ['a', 'b']);
  });
});
