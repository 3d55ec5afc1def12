import assert from 'node:assert/strict';
import fc from 'fast-check';
import { PredictionError } from './prediction-error.ts';
import { readPrediction } from './read-prediction.ts';

const answer = (text: string, status = 200) => readPrediction({ status, text });

function reasonOf(text: string, status = 200): string {
  try {
    answer(text, status);
  } catch (error) {
    assert.ok(error instanceof PredictionError, String(error));
    return error.reason;
  }
  return assert.fail('it was accepted');
}

describe('readPrediction', () => {
  for (const [text, expected] of [
    ['{"replicas":{"default":5,"zone=a":3}}', 5],
    ['{"replicas":{"default":-7}}', 0],
    ['{"replicas":{"default":2.9}}', 2],
    ['{"replicas":{"default":9007199254740993}}', 2_147_483_647],
    ['{"replicas":{"default":1e999}}', 2_147_483_647],
    ['{"replicas":{"default":-1e999}}', 0],
  ] as const) {
    it(`reads ${text} as ${expected}`, () => {
      assert.equal(answer(text), expected);
    });
  }

  for (const text of [
    '',
    'NaN',
    '[]',
    'null',
    '{}',
    '{"replicas":5}',
    '{"replicas":{}}',
    '{"replicas":{"default":"5"}}',
    '{"replicas":{"default":null}}',
    '{"replicas":{"default":NaN}}',
  ]) {
    it(`refuses ${text || 'nothing'} as an answer`, () => {
      assert.equal(reasonOf(text), 'PredictorAnswerInvalid');
    });
  }

  it('looks at the status before it believes a body', () => {
    const body = '{"replicas":{"default":5}}';
    assert.equal(reasonOf(body, 500), 'PredictorRefused');
    assert.equal(reasonOf(body, 302), 'PredictorRefused');
    assert.equal(reasonOf(body, 403), 'PredictorRefused');
    assert.equal(reasonOf(body, 503), 'PredictorUnreachable');
  });

  it('quotes a refusal in one line, and of a Status the message', () => {
    assert.throws(() => answer('no\r\nsuch\tfield \u001b[31m', 400), {
      message: 'its predictor answered 400: no such field [31m',
    });
    assert.throws(
      () => answer('{"kind":"Status","message":"not connected"}', 503),
      /not connected$/,
    );
    assert.throws(
      () => answer('x'.repeat(100_000), 500),
      (error: Error) => error.message.length < 400,
    );
  });

  it('brings whatever is answered to 0..most, or refuses it', () => {
    const most = fc.nat({ max: 2 ** 31 - 1 });
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), fc.double(), most, (text, count, limit) => {
        for (const body of [text, `{"replicas":{"default":${count}}}`]) {
          try {
            const replicas = readPrediction({ status: 200, text: body }, limit);
            assert.ok(Number.isInteger(replicas) && replicas >= 0 && replicas <= limit);
          } catch (error) {
            assert.ok(error instanceof PredictionError);
          }
        }
      }),
    );
  });
});
