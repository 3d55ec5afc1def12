import assert from 'node:assert/strict';
import { Registry } from 'prom-client';
import { ApiError } from '../kube/api-error.ts';
import { KubeClient } from '../kube/client.ts';
import { eventually } from '../test/eventually.ts';
import { type FakeApiServer, startFakeApiServer } from '../test/fake-api-server.ts';
import { FakeClock } from '../test/fake-clock.ts';
import { widget, widgets } from '../test/widgets.ts';
import { Cache } from './cache.ts';
import { systemClock } from './clock.ts';
import { type Controller, runController } from './controller.ts';
import { createLogger } from './logger.ts';
import { watchObjects } from './source.ts';
import { TerminalError } from './terminal-error.ts';

describe('runController', () => {
  let server: FakeApiServer;
  let cache: Cache;
  let stop: AbortController;
  let metrics: Registry;

  beforeEach(async () => {
    server = await startFakeApiServer();
    cache = new Cache(new KubeClient(server.access()));
    stop = new AbortController();
    metrics = new Registry();
    cache.start(stop.signal);
  });

  afterEach(async () => {
    stop.abort();
    await cache.stopped();
    await server.close();
  });

  function run(controller: Partial<Controller>, clock = systemClock): Promise<void> {
    const whole: Controller = {
      name: 'test',
      sources: [watchObjects(cache.informer(widgets))],
      reconcile: async () => {},
      ...controller,
    };
    return runController(whole, { logger: createLogger('test'), metrics, clock }, stop.signal);
  }

  async function count(result: string): Promise<number> {
    const metric = await metrics.getSingleMetric('controller_runtime_reconcile_total')?.get();
    return metric?.values.find(({ labels }) => labels.result === result)?.value ?? 0;
  }

  it('reconciles what exists and then what changes, by key', async () => {
    server.objects.put(widgets, widget('a'));
    const keys: string[] = [];
    const running = run({ reconcile: async key => void keys.push(key) });
    await eventually(() => keys.join() === 'default/a');
    server.objects.put(widgets, widget('b'));
    server.objects.remove(widgets, widget('a').metadata);
    await eventually(() => keys.length === 3);
    assert.deepEqual(keys.slice(1).sort(), ['default/a', 'default/b']);
    stop.abort();
    await running;
  });

  it('does not begin before everything it reads is synced', async () => {
    server.objects.put(widgets, widget('a'));
    const opened = Promise.withResolvers<void>();
    const seen: boolean[] = [];
    let open = false;
    const reads = [{ synced: () => opened.promise }];
    const running = run({ reads, reconcile: async () => void seen.push(open) });
    await cache.synced();
    await new Promise(resolve => setImmediate(resolve));
    open = true;
    opened.resolve();
    await eventually(() => seen.length > 0);
    assert.deepEqual(seen, [true]);
    stop.abort();
    await running;
  });

  it('stops also while it waits for its informers', async () => {
    const running = run({ reads: [{ synced: () => new Promise(() => {}) }] });
    stop.abort();
    await running;
  });

  it('maps changes of other objects to its own keys and ignores those it does not care for', async () => {
    const keys: string[] = [];
    const source = watchObjects(cache.informer(widgets), {
      when: ({ object }) => object.metadata.name !== 'ignored',
      enqueue: ({ object }) => [`owner-of-${object.metadata.name}`],
    });
    const running = run({ sources: [source], reconcile: async key => void keys.push(key) });
    server.objects.put(widgets, widget('ignored'));
    server.objects.put(widgets, widget('a'));
    await eventually(() => keys.length > 0);
    assert.deepEqual(keys, ['owner-of-a']);
    stop.abort();
    await running;
  });

  it('tries a failed key again until it works, counting both', async () => {
    server.objects.put(widgets, widget('a'));
    let left = 3;
    const running = run({
      reconcile: async () => {
        if (left-- > 0) throw new Error('not yet');
      },
    });
    await eventually(async () => (await count('success')) === 1);
    assert.equal(await count('error'), 3);
    stop.abort();
    await running;
  });

  it('waits as long as it is told before it tries again, but only moments when somebody wrote first', async () => {
    server.objects.put(widgets, widget('a'));
    const clock = new FakeClock();
    const status = { kind: 'Status', apiVersion: 'v1', reason: 'Conflict' } as const;
    const failures = [new Error('not yet'), new Error('still not'), new ApiError(status, 409)];
    let runs = 0;
    const running = run(
      {
        backOff: { firstMs: 1000, longestMs: 1500 },
        reconcile: async () => {
          runs++;
          const failure = failures.shift();
          if (failure) throw failure;
        },
      },
      clock,
    );
    const waits: number[] = [];
    for (let before = 1; before <= 3; before++) {
      await eventually(() => runs === before && clock.pending === 1);
      const failed = clock.monotonic();
      while (runs === before) await clock.advance(1);
      waits.push(clock.monotonic() - failed);
    }
    // A wait may be shortened by up to half; the third is 10 ms, doubled by each failure before.
    for (const [index, longest] of [1000, 1500, 40].entries()) {
      const wait = waits[index] ?? 0;
      assert.ok(wait >= longest / 2 && wait <= longest, `wait ${index} was ${wait} ms`);
    }
    stop.abort();
    await running;
  });

  it('gathers the changes of a key for as long as it is told', async () => {
    const clock = new FakeClock();
    const seen: string[] = [];
    const running = run({ gatherMs: 100, reconcile: async key => void seen.push(key) }, clock);
    const informer = cache.informer(widgets);
    for (const value of ['one', 'two', 'three']) {
      server.objects.put(widgets, { ...widget('a'), spec: { value } });
      await eventually(() => informer.list().some(object => object.spec?.value === value));
    }
    assert.deepEqual(seen, []);
    await clock.advance(100);
    await eventually(() => seen.length > 0);
    assert.deepEqual(seen, ['default/a']);
    stop.abort();
    await running;
  });

  it('leaves a key with a terminal error alone until its object changes', async () => {
    server.objects.put(widgets, widget('bad'));
    const running = run({
      reconcile: async () => {
        throw new TerminalError('no retry can mend this');
      },
    });
    await eventually(async () => (await count('terminal_error')) === 1);
    const depth = await metrics.getSingleMetric('workqueue_retries_total')?.get();
    assert.deepEqual(
      depth?.values.map(({ value }) => value),
      [],
    );
    server.objects.put(widgets, widget('bad', { size: 1 }));
    await eventually(async () => (await count('terminal_error')) === 2);
    stop.abort();
    await running;
  });

  it('comes back to a key when the reconcile asks for it', async () => {
    server.objects.put(widgets, widget('a'));
    const clock = new FakeClock();
    let runs = 0;
    const running = run(
      {
        reconcile: async () => {
          runs++;
          return { requeueAfterMs: 60_000 };
        },
      },
      clock,
    );
    await eventually(() => runs === 1 && clock.pending === 1);
    await clock.advance(59_999);
    assert.equal(runs, 1);
    await clock.advance(1);
    assert.equal(runs, 2);
    stop.abort();
    await running;
  });

  it('ends a reconcile that takes too long and tries again', async () => {
    server.objects.put(widgets, widget('a'));
    const clock = new FakeClock();
    const reasons: unknown[] = [];
    const running = run(
      {
        deadlineMs: 1000,
        reconcile: (_key, signal) =>
          new Promise<never>((_, reject) => {
            signal.addEventListener('abort', () => {
              reasons.push(signal.reason);
              reject(signal.reason);
            });
          }),
      },
      clock,
    );
    await eventually(() => clock.pending > 0);
    await clock.advance(1000);
    assert.match(String(reasons[0]), /not done in 1000 ms/);
    await clock.advance(2000);
    assert.equal(reasons.length, 2);
    stop.abort();
    await running;
  });

  it('lets a reconcile end before it stops, and starts no other', async () => {
    for (const name of ['a', 'b', 'c']) server.objects.put(widgets, widget(name));
    const started = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const keys: string[] = [];
    let ended = false;
    const running = run({
      concurrency: 1,
      reconcile: async key => {
        keys.push(key);
        started.resolve();
        await finish.promise;
        ended = true;
      },
    });
    await started.promise;
    stop.abort();
    finish.resolve();
    await running;
    assert.deepEqual([keys.length, ended], [1, true]);
  });

  it('never works on one key twice at once, however many workers it has', async () => {
    server.objects.put(widgets, widget('a'));
    const active = new Set<string>();
    let runs = 0;
    let clashes = 0;
    const running = run({
      concurrency: 8,
      reconcile: async key => {
        runs++;
        if (active.has(key)) clashes++;
        active.add(key);
        await new Promise(resolve => setTimeout(resolve, 5));
        active.delete(key);
      },
    });
    for (let size = 0; size < 20; size++) {
      const before = runs;
      server.objects.put(widgets, widget('a', { size }));
      server.objects.put(widgets, widget('b', { size }));
      await eventually(() => runs > before);
    }
    assert.equal(clashes, 0);
    stop.abort();
    await running;
  });
});
