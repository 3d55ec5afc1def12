import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Registry } from 'prom-client';
import { FakeClock } from '../test/fake-clock.ts';
import { lowPriority, Queue, type QueueOptions } from './queue.ts';

function queueOf(options: QueueOptions = {}) {
  const clock = new FakeClock();
  return { clock, queue: new Queue<string>('test', { clock, random: () => 1, ...options }) };
}

async function drain(queue: Queue<string>): Promise<string[]> {
  const taken: string[] = [];
  while (queue.length > 0) {
    const key = await queue.take();
    if (key === undefined) break;
    taken.push(key);
    queue.done(key);
  }
  return taken;
}

const steps = ['add', 'addLow', 'addAfter', 'retry', 'take', 'finish', 'wait'] as const;

/** Uses a queue at random and knows what it must never see, and what it is still owed. */
class QueueUser {
  readonly #clock = new FakeClock();
  readonly #queue = new Queue<string>('test', { clock: this.#clock });
  readonly #working = new Set<string>();
  readonly owed = new Set<string>();

  add(key: string): void {
    this.owed.add(key);
    this.#queue.add(key);
  }

  addLow(key: string): void {
    this.owed.add(key);
    this.#queue.add(key, lowPriority);
  }

  addAfter(key: string, ms: number): void {
    this.owed.add(key);
    this.#queue.addAfter(key, ms);
  }

  retry(key: string): void {
    this.owed.add(key);
    this.#queue.retry(key);
  }

  wait(_key: string, ms: number): Promise<void> {
    return this.#clock.advance(ms);
  }

  finish(key: string): void {
    this.#working.delete(key);
    this.#queue.done(key);
  }

  async take(): Promise<void> {
    if (this.#queue.length === 0) return;
    const key = await this.#queue.take();
    assert.ok(key !== undefined && !this.#working.has(key), `${key} is already worked on`);
    this.#working.add(key);
    this.owed.delete(key);
  }

  async finishAll(): Promise<void> {
    for (const key of this.#working) this.finish(key);
    await this.#clock.advance(1e9);
    while (this.#queue.length > 0) await this.take();
  }
}

describe('Queue', () => {
  it('hands a key that was added several times out once', async () => {
    const { queue } = queueOf();
    for (const key of ['a', 'b', 'a']) queue.add(key);
    assert.deepEqual(await drain(queue), ['a', 'b']);
  });

  it('hands a key out again when it is added while it is worked on, but only after that work', async () => {
    const { queue } = queueOf();
    queue.add('a');
    assert.equal(await queue.take(), 'a');
    queue.add('a');
    assert.equal(queue.length, 0);
    queue.done('a');
    assert.equal(await queue.take(), 'a');
  });

  it('wakes one waiting taker per key', async () => {
    const { queue } = queueOf();
    const takers = [queue.take(), queue.take()];
    queue.add('a');
    queue.add('b');
    assert.deepEqual(await Promise.all(takers), ['a', 'b']);
  });

  it('lets ordinary keys overtake those of the first list, also one that waits there already', async () => {
    const { queue } = queueOf();
    for (const key of ['a', 'b', 'c']) queue.add(key, lowPriority);
    queue.add('d');
    queue.add('c');
    assert.deepEqual(await drain(queue), ['c', 'd', 'a', 'b']);
  });

  it('hands keys out by priority and then by time, retries included', async () => {
    const priorities: Record<string, number> = { urgent: 10, a: 0, b: 0 };
    const { clock, queue } = queueOf({ priorityOf: key => priorities[key] ?? 0 });
    queue.retry('urgent');
    queue.add('b');
    queue.add('a');
    await clock.advance(1000);
    assert.deepEqual(await drain(queue), ['urgent', 'b', 'a']);
  });

  it('doubles the back-off of a failing key up to the limit and starts anew once forgotten', async () => {
    const { clock, queue } = queueOf({ firstRetryMs: 10, longestRetryMs: 40 });
    const waits: number[] = [];
    const waitForRetry = async () => {
      const started = clock.monotonic();
      queue.retry('a');
      const key = queue.take();
      let ready = false;
      const noted = key.then(() => {
        ready = true;
      });
      while (!ready) await clock.advance(1);
      await noted;
      queue.done('a');
      waits.push(clock.monotonic() - started);
    };
    for (let i = 0; i < 5; i++) await waitForRetry();
    queue.forget('a');
    await waitForRetry();
    assert.deepEqual(waits, [10, 20, 40, 40, 40, 10]);
  });

  it('adds a delayed key at the earliest of the times asked for', async () => {
    const { clock, queue } = queueOf();
    queue.addAfter('a', 100);
    queue.addAfter('a', 50);
    queue.addAfter('a', 70);
    await clock.advance(49);
    assert.equal(queue.length, 0);
    await clock.advance(1);
    assert.deepEqual(await drain(queue), ['a']);
    await clock.advance(100);
    assert.equal(queue.length, 0);
  });

  it('releases takers and takes nothing more once closed', async () => {
    const { clock, queue } = queueOf();
    const taker = queue.take();
    queue.addAfter('a', 10);
    queue.close();
    queue.add('b');
    await clock.advance(10);
    assert.equal(await taker, undefined);
    assert.equal(await queue.take(), undefined);
    assert.equal(clock.pending, 0);
  });

  it('reports depth, adds, retries and durations under client-go names', async () => {
    const metrics = new Registry();
    const { clock, queue } = queueOf({ metrics });
    queue.add('a');
    queue.retry('b');
    await clock.advance(2000);
    await queue.take();
    const text = await metrics.metrics();
    assert.match(text, /workqueue_depth\{name="test"\} 1/);
    assert.match(text, /workqueue_adds_total\{name="test"\} 2/);
    assert.match(text, /workqueue_retries_total\{name="test"\} 1/);
    assert.match(text, /workqueue_queue_duration_seconds_sum\{name="test"\} 2/);
  });

  it('never works on a key twice at once and never loses one, whatever the order of calls', async () => {
    const step = fc.tuple(
      fc.constantFrom(...steps),
      fc.constantFrom('a', 'b', 'c', 'd'),
      fc.integer({ min: 0, max: 50 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async calls => {
        const user = new QueueUser();
        for (const [call, key, ms] of calls) await user[call](key, ms);
        await user.finishAll();
        assert.deepEqual([...user.owed], []);
      }),
    );
  });
});
