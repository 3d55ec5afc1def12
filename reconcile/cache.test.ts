import assert from 'node:assert/strict';
import { KubeClient } from '../kube/client.ts';
import { eventually } from '../test/eventually.ts';
import { type FakeApiServer, startFakeApiServer } from '../test/fake-api-server.ts';
import { type Widget, widget, widgets } from '../test/widgets.ts';
import { Cache } from './cache.ts';
import type { Informer } from './informer.ts';
import { createLogger } from './logger.ts';

describe('Cache', () => {
  let server: FakeApiServer;
  let cache: Cache;
  let stop: AbortController;

  beforeEach(async () => {
    server = await startFakeApiServer();
    cache = new Cache(new KubeClient(server.access()));
    stop = new AbortController();
  });

  afterEach(async () => {
    stop.abort();
    await cache.stopped();
    await server.close();
  });

  function names(informer: Informer<Widget>): (string | undefined)[] {
    return informer
      .list()
      .map(({ metadata }) => metadata.name)
      .sort();
  }

  /** A started informer over `a` and `b`, and every change after its first list. */
  async function following(): Promise<{ informer: Informer<Widget>; later: string[] }> {
    for (const name of ['a', 'b']) server.objects.put(widgets, widget(name));
    const informer = cache.informer(widgets);
    const later: string[] = [];
    informer.onChange(({ type, object, initial }) => {
      if (!initial) later.push(`${type} ${object.metadata.name}`);
    });
    cache.start(stop.signal);
    await informer.synced();
    return { informer, later };
  }

  /** Proves that the informer follows again, by something that happens now. */
  async function followsAgain(informer: Informer<Widget>): Promise<void> {
    server.objects.put(widgets, widget('sign-of-life'));
    await eventually(() => names(informer).includes('sign-of-life'), {
      withinMs: 8000,
      describe: 'the informer follows again',
    });
  }

  it('gives everyone who asks the same question the same informer, and opens one watch for them', async () => {
    const first = cache.informer(widgets, { namespace: 'default' });
    assert.equal(cache.informer(widgets, { namespace: 'default' }), first);
    assert.notEqual(cache.informer(widgets), first);
    cache.start(stop.signal);
    await cache.synced();
    assert.equal(server.watches.count, 2);
  });

  it('also starts informers that are asked for after the start', async () => {
    cache.start(stop.signal);
    server.objects.put(widgets, widget('a'));
    const informer = cache.informer(widgets);
    assert.equal(cache.isSynced(), false);
    await informer.synced();
    assert.deepEqual(names(informer), ['a']);
  });

  it('holds only what the selectors ask for and follows objects in and out of them', async () => {
    server.objects.put(widgets, widget('a', {}, { labels: { x: '1' } }));
    server.objects.put(widgets, widget('b'));
    const informer = cache.informer(widgets, { labelSelector: 'x=1' });
    cache.start(stop.signal);
    await informer.synced();
    assert.deepEqual(names(informer), ['a']);
    server.objects.put(widgets, widget('a'));
    server.objects.put(widgets, widget('b', {}, { labels: { x: '1' } }));
    await eventually(() => names(informer).join() === 'b');
  });

  it('drops managedFields, or what the transform drops, and keeps every other field', async () => {
    server.objects.put(widgets, { ...widget('a', { size: 1 }), extra: { kept: true } });
    const whole = cache.informer(widgets);
    const small = cache.informer(widgets, { transform: ({ spec: _, ...rest }) => rest });
    cache.start(stop.signal);
    await cache.synced();
    assert.equal(whole.list()[0]?.metadata.managedFields, undefined);
    assert.deepEqual((whole.list()[0] as { extra?: unknown }).extra, { kept: true });
    assert.equal(small.list()[0]?.spec, undefined);
    assert.ok(small.list()[0]?.metadata.managedFields);
  });

  it('works with a server that has no WatchList', async () => {
    server.watchList = false;
    const { informer, later } = await following();
    await followsAgain(informer);
    assert.deepEqual(later, ['added sign-of-life']);
  });

  it('loses and invents nothing when the server ends the watch', async () => {
    const { informer, later } = await following();
    server.watches.end();
    server.objects.remove(widgets, widget('a').metadata);
    await followsAgain(informer);
    assert.deepEqual(later, ['deleted a', 'added sign-of-life']);
  });

  it('loses and invents nothing when the connection is cut and the server then answers 500 and 429', async () => {
    const { informer, later } = await following();
    server.failNext({ path: /watch=true/, with: 500 });
    server.failNext({ path: /watch=true/, with: 429, retryAfterSeconds: 0 });
    server.watches.kill();
    server.objects.put(widgets, widget('b', { size: 2 }));
    await followsAgain(informer);
    assert.deepEqual(later, ['updated b', 'added sign-of-life']);
  });

  it('finds out what was deleted while the server had forgotten its history', async () => {
    const { informer, later } = await following();
    server.objects.remove(widgets, widget('a').metadata);
    await eventually(() => later.length === 1);
    server.failNext({ path: /watch=true/, with: 500 });
    server.watches.kill();
    server.objects.remove(widgets, widget('b').metadata);
    server.objects.compact();
    await followsAgain(informer);
    assert.deepEqual(later.toSorted(), ['added sign-of-life', 'deleted a', 'deleted b']);
  });

  it('deletes nothing while lists fail half-way after a 410', async () => {
    server.watchList = false;
    for (let i = 0; i < 600; i++) server.objects.put(widgets, widget(`many-${i}`));
    const { informer, later } = await following();
    const all = informer.list().length;
    server.failNext({ path: /continue=/, with: 'kill', times: 2 });
    server.watches.expire();
    await eventually(() => server.requests.filter(({ query }) => query.has('continue')).length > 2);
    assert.deepEqual([informer.list().length, later], [all, []]);
    await followsAgain(informer);
    assert.deepEqual(later, ['added sign-of-life']);
  });

  it('says in the log which objects it may not watch', async () => {
    const lines: string[] = [];
    const logger = createLogger('test', { write: line => lines.push(line) });
    logger.level = 'warn';
    cache = new Cache(new KubeClient(server.access()), { logger });
    server.failNext({ path: /widgets/, with: 403, reason: 'Forbidden' });
    cache.informer(widgets);
    cache.start(stop.signal);
    const line = await eventually(() => lines[0]);
    assert.match(line, /"resource":"widgets".*cannot watch, will try again/);
  });

  it('ends every watch when it is stopped', async () => {
    await following();
    stop.abort();
    await cache.stopped();
    await eventually(() => server.watches.count === 0);
  });
});
