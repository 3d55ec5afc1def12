import assert from 'node:assert/strict';
import { builtin } from '../kube/builtin.ts';
import { KubeClient } from '../kube/client.ts';
import { type FakeApiServer, startFakeApiServer } from '../test/fake-api-server.ts';
import { FakeClock } from '../test/fake-clock.ts';
import { widget } from '../test/widgets.ts';
import { EventRecorder } from './event-recorder.ts';

const object = widget('a', {}, { uid: 'uid-a' });

describe('EventRecorder', () => {
  let server: FakeApiServer;
  let clock: FakeClock;
  let recorder: EventRecorder;

  beforeEach(async () => {
    server = await startFakeApiServer();
    clock = new FakeClock();
    recorder = new EventRecorder(new KubeClient(server.access()), 'clusternet-test', 'pod-1', {
      clock,
    });
  });

  afterEach(() => server.close());

  const events = () => server.objects.list(builtin.events);

  it('says what happened to which object, where the object is', async () => {
    recorder.warning(object, 'Broken', 'the widget is broken: replace it', 'Repairing');
    await recorder.flush();
    const [event] = events();
    assert.equal(event?.metadata.namespace, 'default');
    assert.deepEqual(
      [
        event?.type,
        event?.reason,
        event?.note,
        event?.action,
        event?.reportingController,
        event?.reportingInstance,
      ],
      [
        'Warning',
        'Broken',
        'the widget is broken: replace it',
        'Repairing',
        'clusternet-test',
        'pod-1',
      ],
    );
    assert.deepEqual(event?.regarding, {
      apiVersion: 'test.clusternet.io/v1',
      kind: 'Widget',
      namespace: 'default',
      name: 'a',
      uid: 'uid-a',
    });
    assert.match(event?.eventTime ?? '', /^2026-01-01T00:00:00\.000000Z$/);
  });

  it('counts repetitions in one event, written in batches', async () => {
    for (let i = 0; i < 100; i++) recorder.normal(object, 'Synced', 'again');
    await clock.advance(10_000);
    await recorder.flush();
    assert.equal(events().length, 1);
    assert.equal(events()[0]?.series?.count, 100);
    assert.equal(server.writes().length, 2);
  });

  it('begins a new event when the last one is long ago or forgotten by the server', async () => {
    recorder.normal(object, 'Synced', 'again');
    await recorder.flush();
    await clock.advance(6 * 60_000);
    recorder.normal(object, 'Synced', 'again');
    await recorder.flush();
    assert.equal(events().length, 2);
    for (const { metadata } of events()) server.objects.remove(builtin.events, metadata);
    recorder.normal(object, 'Synced', 'again');
    await recorder.flush();
    recorder.normal(object, 'Synced', 'again');
    await recorder.flush();
    assert.equal(events().length, 1);
  });

  it('lets one object drown neither the server nor the events of another', async () => {
    for (let i = 0; i < 1000; i++) recorder.normal(object, 'Flood', `number ${i}`);
    recorder.normal(widget('b', {}, { uid: 'uid-b' }), 'Calm', 'still heard');
    await recorder.flush();
    assert.equal(events().filter(({ reason }) => reason === 'Flood').length, 25);
    assert.equal(events().filter(({ reason }) => reason === 'Calm').length, 1);
    await clock.advance(5 * 60_000);
    recorder.normal(object, 'Flood', 'later');
    await recorder.flush();
    assert.equal(events().filter(({ reason }) => reason === 'Flood').length, 26);
  });

  it('keeps notes within what the API accepts, without cutting a character in two', async () => {
    recorder.normal(object, 'Long', 'é'.repeat(2000));
    await recorder.flush();
    const note = events()[0]?.note ?? '';
    assert.ok(Buffer.byteLength(note) <= 1024);
    assert.match(note, /^é+…$/);
  });

  it('writes no secret', async () => {
    recorder.warning(object, 'Refused', 'Bearer abcdefghijklmnop was refused');
    await recorder.flush();
    assert.equal(events()[0]?.note, 'Bearer [redacted] was refused');
  });

  it('survives a server that refuses events', async () => {
    server.failNext({ path: /events/, with: 403, reason: 'Forbidden' });
    recorder.normal(object, 'Lost', 'nobody hears this');
    recorder.normal(object, 'Heard', 'but this');
    await recorder.flush();
    assert.deepEqual(
      events().map(({ reason }) => reason),
      ['Heard'],
    );
  });
});
