import assert from 'node:assert/strict';
import { FakeClock } from '../../test/fake-clock.ts';
import { cluster, keyFor } from '../../test/scheduling-objects.ts';
import { AssumedReplicas } from './assumed-replicas.ts';
import { PredictionError, type PredictionReason } from './prediction-error.ts';
import { Predictions } from './predictions.ts';

const hanging = Symbol('hanging');

describe('Predictions', () => {
  let clock: FakeClock;
  let asked: string[];
  let counted: string[];
  /** What the predictor of each cluster does. */
  let behaviour: Record<string, number | PredictionReason | typeof hanging>;
  let predictions: Predictions;
  let open: number;
  let mostOpen: number;

  beforeEach(() => {
    clock = new FakeClock();
    [asked, counted, behaviour, open, mostOpen] = [[], [], {}, 0, 0];
    predictions = new Predictions({
      ask: async ({ metadata: { name = '' } }, question, signal) => {
        asked.push(`${name} ${question}`);
        mostOpen = Math.max(mostOpen, ++open);
        try {
          const each = behaviour[name] ?? 0;
          if (each === hanging) await aborted(signal);
          else await new Promise(resolve => setImmediate(resolve));
          if (typeof each === 'number') return each;
          throw new PredictionError(each as PredictionReason, `${name} fails`);
        } finally {
          open--;
        }
      },
      clock,
      assumed: new AssumedReplicas(clock),
      metrics: { count: result => counted.push(result), took: () => undefined },
      timeoutMs: 5_000,
      reuseMs: 5_000,
      lastGoodMs: 300_000,
      parallelism: 3,
    });
  });

  function aborted(signal: AbortSignal): Promise<never> {
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }

  const get = (name: string, question = '{}') => predictions.get(cluster(name), question);

  async function reason(name: string, question = '{}'): Promise<string> {
    try {
      return `answered ${await get(name, question)}`;
    } catch (error) {
      assert.ok(error instanceof PredictionError, String(error));
      return error.reason;
    }
  }

  it('asks once for as long as an answer may be used again', async () => {
    behaviour.a = 4;
    assert.deepEqual(await Promise.all([get('a'), get('a')]), [4, 4]);
    await clock.advance(4_999);
    behaviour.a = 9;
    assert.equal(predictions.known(keyFor('a'), '{}'), 4);
    assert.equal(await get('a'), 4);
    assert.deepEqual(asked, ['a {}']);
    await clock.advance(1);
    assert.equal(predictions.known(keyFor('a'), '{}'), undefined);
    assert.equal(await get('a'), 9);
    assert.equal(await get('a', '{"other":1}'), 9);
    assert.deepEqual(asked, ['a {}', 'a {}', 'a {"other":1}']);
  });

  it('gives up a predictor at its deadline, and the others are not held up', async () => {
    behaviour = { a: hanging, b: 2 };
    const slow = reason('a');
    assert.equal(await get('b'), 2);
    await clock.advance(4_999);
    assert.equal(counted.includes('PredictorTimedOut'), false);
    await clock.advance(1);
    assert.equal(await slow, 'PredictorTimedOut');
    assert.equal(clock.pending, 0);
  });

  it('lets the last good answer stand in, up to its age', async () => {
    behaviour.a = 4;
    await get('a');
    behaviour.a = 'PredictorRefused';
    await clock.advance(299_999);
    assert.equal(await get('a'), 4);
    assert.deepEqual(counted, ['Answered', 'PredictorRefused', 'LastGood']);
    await clock.advance(1);
    assert.equal(await reason('a'), 'PredictorRefused');
  });

  for (const lasting of [
    'PredictorDisabled',
    'PredictorAddressInvalid',
    'PredictorAddressNotAllowed',
  ] as const) {
    it(`lets nothing stand in for ${lasting}`, async () => {
      behaviour.a = 4;
      await get('a');
      await clock.advance(5_000);
      behaviour.a = lasting;
      assert.equal(await reason('a'), lasting);
      behaviour.a = 6;
      assert.equal(await reason('a'), 'answered 6', 'and asks again at once');
    });
  }

  it('leaves a silent predictor alone for a while, whatever the question, then asks again', async () => {
    behaviour.a = 'PredictorUnreachable';
    assert.equal(await reason('a'), 'PredictorUnreachable');
    assert.equal(await reason('a', '{"other":1}'), 'PredictorUnreachable');
    assert.deepEqual(asked, ['a {}']);
    await clock.advance(5_000);
    behaviour.a = 1;
    assert.equal(await reason('a', '{"other":1}'), 'answered 1');
    assert.equal(await reason('a'), 'answered 1', 'one answer ends the rest');
  });

  it('does not repeat what was refused, but asks the same predictor other things', async () => {
    behaviour.a = 'PredictorRefused';
    assert.equal(await reason('a'), 'PredictorRefused');
    assert.equal(await reason('a'), 'PredictorRefused');
    assert.equal(await reason('a', '{"other":1}'), 'PredictorRefused');
    assert.deepEqual(asked, ['a {}', 'a {"other":1}']);
  });

  it('does not promise room again that was placed on since the predictor looked', async () => {
    behaviour.a = 10;
    const big = '{"big":1}';
    await Promise.all([get('a'), get('a', big)]);
    const giveBack = predictions.assume(keyFor('a'), '{}', 3);
    assert.equal(await get('a'), 7);
    assert.equal(await get('a', big), 7, 'three tenths of the cluster are used');
    assert.equal(await get('b'), 0);
    giveBack();
    assert.equal(await get('a'), 10);
    predictions.assume(keyFor('a'), '{}', 20);
    assert.equal(await get('a'), 0);
    assert.equal(await get('a', big), 0);
  });

  it('takes an answer as it is once the predictor must have seen what was placed', async () => {
    behaviour.a = 10;
    await get('a');
    predictions.assume(keyFor('a'), '{}', 4);
    await clock.advance(14_999);
    assert.equal(await get('a'), 6, 'the pods may not be there yet');
    behaviour.a = 'PredictorUnreachable';
    await clock.advance(60_000);
    assert.equal(await get('a'), 6, 'the last good answer is older than the placement');
    behaviour.a = 5;
    await clock.advance(60_000);
    assert.equal(await get('a'), 5);
  });

  it('asks many clusters side by side, but not all at once', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `c${index}`);
    behaviour = Object.fromEntries(names.map((name, index) => [name, index]));
    const answers = await Promise.all(names.map(name => get(name)));
    assert.deepEqual(
      answers,
      names.map((_, index) => index),
    );
    assert.equal(mostOpen, 3);
  });
});
