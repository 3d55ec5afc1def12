import assert from 'node:assert/strict';
import { pino } from 'pino';
import { builtin } from '../../kube/builtin.ts';
import type { Lease } from '../../kube/builtin-kinds.ts';
import { KubeClient } from '../../kube/client.ts';
import { systemClock } from '../../reconcile/clock.ts';
import { eventually } from '../../test/eventually.ts';
import { type FakeApiServer, startFakeApiServer } from '../../test/fake-api-server.ts';
import { keepReplicaLease } from './replica-lease.ts';

const namespace = 'clusternet-system';

describe('keepReplicaLease', () => {
  let api: FakeApiServer;
  let client: KubeClient;
  let stop: AbortController;

  beforeEach(async () => {
    api = await startFakeApiServer();
    client = new KubeClient(api.access());
    stop = new AbortController();
  });
  afterEach(() => api[Symbol.asyncDispose]());

  const keep = () =>
    keepReplicaLease(
      {
        runtime: { client, clock: systemClock, logger: pino({ level: 'silent' }) },
        namespace,
        replica: 'me',
      },
      stop.signal,
    );
  const lease = (name: string) => client.find(builtin.leases, { namespace, name });
  const old = (name: string, hours: number): Lease => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { namespace, name },
    spec: {
      holderIdentity: name,
      renewTime: new Date(Date.now() - hours * 3_600_000).toISOString().replace('Z', '000Z'),
    },
  });

  it('takes the Lease of this replica, and deletes those of replicas that are long gone', async () => {
    for (const one of [old('hub-gone', 2), old('hub-other', 0.5), old('tunnel-x', 50)]) {
      await client.create(builtin.leases, one);
    }
    const keeping = keep();
    const mine = await eventually(() => lease('hub-me'));
    assert.deepEqual([mine.spec?.holderIdentity, mine.spec?.leaseDurationSeconds], ['me', 15]);
    await eventually(async () => (await lease('hub-gone')) === undefined);
    assert.ok(await lease('hub-other'));
    assert.ok(await lease('tunnel-x'));
    stop.abort();
    await keeping;
  });

  it('goes on trying while the API server fails', async () => {
    api.failNext({ with: 500, times: 3 });
    const keeping = keep();
    await eventually(() => lease('hub-me'), { withinMs: 15_000 });
    stop.abort();
    await keeping;
  }).timeout(20_000);
});
