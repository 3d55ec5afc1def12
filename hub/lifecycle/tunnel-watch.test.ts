import assert from 'node:assert/strict';
import type { KubeObject } from '../../api/kube-object.ts';
import { builtin } from '../../kube/builtin.ts';
import type { Lease } from '../../kube/builtin-kinds.ts';
import type { Cache } from '../../reconcile/cache.ts';
import { StoreInformer } from '../../reconcile/informer.ts';
import { FakeClock } from '../../test/fake-clock.ts';
import { replicaLeaseName, tunnelLeaseName } from '../tunnel-leases.ts';
import { judgeConnection } from './connection.ts';
import { TunnelWatch } from './tunnel-watch.ts';

const namespace = 'clusternet-system';

function lease(name: string, holderIdentity: string, renewTime: Date): Lease {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace, resourceVersion: String(Math.random()) },
    spec: { holderIdentity, renewTime: renewTime.toISOString() },
  };
}

/** A watch over Leases that the test changes by hand, and a clock that it moves. */
function setUp() {
  const clock = new FakeClock();
  const informer = new StoreInformer<Lease>(builtin.leases, {
    freeze: true,
    onHandlerError: error => assert.fail(String(error)),
  });
  const cache = { informer: () => informer } as unknown as Cache;
  const watch = new TunnelWatch({ cache, clock }, namespace);
  const asked: string[] = [];
  const write = (name: string, holder: string, at = clock.now()) =>
    informer.upsert(lease(name, holder, at));
  const start = (...initial: KubeObject[]) => {
    informer.startReplace();
    for (const object of initial) informer.upsert(object as Lease);
    informer.endReplace();
    return watch.source(id => id).start(key => asked.push(key));
  };
  /** Lets time pass with the leader's own Lease renewed every two seconds, as in a healthy hub. */
  const pass = async (ms: number, also: () => void = () => {}) => {
    for (let t = 0; t < ms; t += 2_000) {
      await clock.advance(2_000);
      write('clusternet-hub', 'leader');
      also();
    }
  };
  const state = (id: string) => judgeConnection(watch.factsOf(id)).state;
  return { clock, watch, informer, asked, write, start, pass, state };
}

describe('TunnelWatch', () => {
  it('asks to judge a cluster whenever its tunnel Lease changes', () => {
    const { asked, write, start } = setUp();
    start();
    write(replicaLeaseName('r1'), 'r1');
    write(tunnelLeaseName('c1'), 'r1');
    assert.deepEqual(asked, ['c1']);
  });

  it('sees a replica alive as long as its Lease changes, whatever its clock says', async () => {
    const { write, start, pass, state, clock } = setUp();
    start();
    write(tunnelLeaseName('c1'), 'r1');
    const wrongClock = () => new Date(clock.now().getTime() - 3_600_000);
    await pass(60_000, () => write(replicaLeaseName('r1'), 'r1', wrongClock()));
    assert.equal(state('c1'), 'connected');
  });

  it('asks to judge the clusters of a replica again when it has been silent for 45 s', async () => {
    const { asked, write, start, pass, state } = setUp();
    start();
    write(replicaLeaseName('r1'), 'r1');
    write(tunnelLeaseName('c1'), 'r1');
    write(tunnelLeaseName('c2'), 'r2');
    asked.length = 0;
    await pass(44_000);
    assert.equal(state('c1'), 'unsure');
    assert.deepEqual(asked, []);
    await pass(4_000);
    assert.deepEqual(asked, ['c1']);
    assert.equal(state('c1'), 'lost');
  });

  it('does not take Leases left behind long ago for life', () => {
    const { start, state, clock } = setUp();
    const longAgo = new Date(clock.now().getTime() - 60_000);
    start(
      lease(replicaLeaseName('r1'), 'r1', longAgo),
      lease(tunnelLeaseName('c1'), 'r1', longAgo),
    );
    assert.equal(state('c1'), 'unsure');
  });

  it('calls nothing lost for 45 s after a gap in which it heard nothing itself', async () => {
    const { write, start, pass, state, clock } = setUp();
    start();
    write(tunnelLeaseName('c1'), '');
    await pass(46_000);
    assert.equal(state('c1'), 'lost');
    await clock.advance(11_000);
    assert.equal(state('c1'), 'unsure');
    await pass(44_000);
    assert.equal(state('c1'), 'unsure');
    await pass(4_000);
    assert.equal(state('c1'), 'lost');
  });
});
