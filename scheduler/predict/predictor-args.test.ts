import assert from 'node:assert/strict';
import { readPredictorArgs } from './predictor-args.ts';

describe('the args of plugin Predictor', () => {
  it('have defaults that dial nobody', () => {
    assert.deepEqual(readPredictorArgs(), {
      timeoutSeconds: 5,
      reuseSeconds: 5,
      lastGoodSeconds: 300,
      parallelism: 64,
      maxReplicas: 2_147_483_647,
      allowedAddresses: [],
    });
  });

  for (const [what, args, message] of [
    ['an unknown field', { timeout: 5 }, /args: /],
    ['no time at all', { timeoutSeconds: 0 }, /\/timeoutSeconds: /],
    [
      'a wildcard',
      { allowedAddresses: [{ host: '*' }] },
      /\/allowedAddresses\/0\/host: "\*" is no/,
    ],
    ['another scheme', { allowedAddresses: [{ host: 'a', scheme: 'ftp' }] }, /\/0\/scheme: /],
    [
      'a token over plain HTTP',
      { allowedAddresses: [{ host: 'a', scheme: 'http', tokenFile: '/t' }] },
      /\/allowedAddresses\/0: caFile and tokenFile are for https only/,
    ],
  ] as const) {
    it(`refuse ${what}, naming the field`, () => {
      assert.throws(() => readPredictorArgs(args), { code: 'CN_SCHEDULER_CONFIG', message });
    });
  }
});
