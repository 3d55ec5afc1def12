import assert from 'node:assert/strict';
import { Registry } from 'prom-client';
import { builtin } from '../kube/builtin.ts';
import { KubeClient } from '../kube/client.ts';
import { eventually } from '../test/eventually.ts';
import { type FakeApiServer, startFakeApiServer } from '../test/fake-api-server.ts';
import { type LeaderElection, type LeaderTerm, runAsLeader } from './leader-election.ts';
import { createLogger } from './logger.ts';

const lease = { namespace: 'clusternet-system', name: 'test' };

describe('leader election', () => {
  let server: FakeApiServer;
  let stop: AbortController;

  beforeEach(async () => {
    server = await startFakeApiServer();
    stop = new AbortController();
  });

  afterEach(async () => {
    stop.abort();
    await server.close();
  });

  /** Runs for office; `terms` holds every term it got, `ended` settles with the election. */
  function candidate(identity: string, more: Partial<LeaderElection> = {}, signal = stop.signal) {
    const terms: LeaderTerm[] = [];
    const election: LeaderElection = {
      client: new KubeClient(server.access()),
      ...lease,
      identity,
      leaseDurationMs: 1000,
      renewDeadlineMs: 500,
      retryPeriodMs: 50,
      logger: createLogger('test'),
      ...more,
    };
    const lead = (term: LeaderTerm) =>
      new Promise<void>(resolve => {
        terms.push(term);
        term.signal.addEventListener('abort', () => resolve());
      });
    const ended = runAsLeader(election, lead, signal).then(
      () => 'resigned',
      (error: { code?: string }) => error.code,
    );
    return { terms, ended };
  }

  function spec() {
    return server.objects.get(builtin.leases, lease)?.spec;
  }

  it('lets one of two candidates lead and the other take over, with a higher number, after it resigns', async () => {
    const first = new AbortController();
    const one = candidate('one', {}, first.signal);
    await eventually(() => one.terms.length === 1);
    const two = candidate('two');
    await eventually(() => server.requests.filter(({ method }) => method === 'GET').length > 3);
    assert.equal(two.terms.length, 0);
    first.abort();
    assert.equal(await one.ended, 'resigned');
    await eventually(() => two.terms.length === 1);
    assert.ok(Number(two.terms[0]?.transitions) > Number(one.terms[0]?.transitions));
    assert.equal(spec()?.holderIdentity, 'two');
  });

  it('gives the lease back only after the work has ended', async () => {
    const finish = Promise.withResolvers<void>();
    const one = new AbortController();
    const election = {
      client: new KubeClient(server.access()),
      ...lease,
      logger: createLogger('test'),
    };
    let works = false;
    const work = () => {
      works = true;
      return finish.promise;
    };
    const ended = runAsLeader({ ...election, identity: 'one' }, work, one.signal);
    await eventually(() => works);
    one.abort();
    await new Promise(resolve => setTimeout(resolve, 100));
    assert.equal(spec()?.holderIdentity, 'one');
    finish.resolve();
    await ended;
    assert.equal(spec()?.holderIdentity, '');
  });

  it('ends a term that cannot be renewed before another candidate can take the lease', async () => {
    const access = server.access();
    const one = candidate('one', { client: new KubeClient(access) });
    await eventually(() => one.terms.length === 1);
    const two = candidate('two');
    const holders: unknown[] = [];
    one.terms[0]?.signal.addEventListener('abort', () => holders.push(spec()?.holderIdentity));
    await access.close();
    assert.equal(await one.ended, 'CN_LEADER_LOST');
    assert.deepEqual([holders, two.terms.length], [['one'], 0]);
    await eventually(() => two.terms.length === 1);
  });

  it('survives failures shorter than the renew deadline', async () => {
    const one = candidate('one');
    await eventually(() => one.terms.length === 1);
    server.failNext({ method: 'PUT', with: 500, times: 2 });
    server.failNext({ method: 'PUT', with: 'kill', times: 2 });
    const before = server.writes().length;
    await eventually(() => server.writes().length > before + 6);
    assert.equal(one.terms[0]?.signal.aborted, false);
  });

  it('resumes its own lease at once, under a new number', async () => {
    const crashed = { holderIdentity: 'one', leaseDurationSeconds: 3600, leaseTransitions: 7 };
    server.objects.put(builtin.leases, { metadata: lease, spec: crashed });
    const one = candidate('one');
    await eventually(() => one.terms.length === 1, { withinMs: 500 });
    assert.equal(one.terms[0]?.transitions, 8);
  });

  it('waits for the whole duration of a lease whose holder is silent, however old its times look', async () => {
    const old = {
      holderIdentity: 'gone',
      leaseDurationSeconds: 1,
      renewTime: '2020-01-01T00:00:00.000000Z',
    };
    server.objects.put(builtin.leases, { metadata: lease, spec: old });
    const started = performance.now();
    const one = candidate('one');
    await eventually(() => one.terms.length === 1);
    assert.ok(performance.now() - started >= 1000);
  });

  it('ends the term at once when somebody else has taken the lease', async () => {
    const one = candidate('one');
    await eventually(() => one.terms.length === 1);
    server.objects.put(builtin.leases, { metadata: lease, spec: { holderIdentity: 'thief' } });
    assert.equal(await one.ended, 'CN_LEADER_LOST');
    assert.equal(spec()?.holderIdentity, 'thief');
  });

  it('keeps a lease that somebody else only annotated', async () => {
    const one = candidate('one');
    await eventually(() => one.terms.length === 1);
    const held = server.objects.get(builtin.leases, lease);
    const annotated = { ...lease, annotations: { note: 'hello' } };
    server.objects.put(builtin.leases, { metadata: annotated, spec: held?.spec });
    const renewed = () => server.objects.get(builtin.leases, lease)?.spec?.renewTime;
    const before = renewed();
    await eventually(() => renewed() !== before);
    assert.equal(one.terms[0]?.signal.aborted, false);
  });

  it('hands on what the work throws, after giving the lease back', async () => {
    const election = {
      client: new KubeClient(server.access()),
      ...lease,
      logger: createLogger('test'),
    };
    const work = () => Promise.reject(new Error('broken work'));
    await assert.rejects(
      runAsLeader({ ...election, identity: 'one' }, work, stop.signal),
      /broken work/,
    );
    assert.equal(spec()?.holderIdentity, '');
  });

  it('says on a metric who leads', async () => {
    const metrics = new Registry();
    const one = candidate('one', { metrics });
    await eventually(() => one.terms.length === 1);
    assert.match(await metrics.metrics(), /leader_election_master_status\{name="test"\} 1/);
    stop.abort();
    await one.ended;
    assert.match(await metrics.metrics(), /leader_election_master_status\{name="test"\} 0/);
  });

  it('refuses a renew deadline that would let two lead at once', async () => {
    const refused = candidate('one', { renewDeadlineMs: 1000, leaseDurationMs: 1000 });
    assert.equal(await refused.ended, undefined);
    assert.deepEqual(server.requests, []);
  });
});
