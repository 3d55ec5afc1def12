import assert from 'node:assert/strict';
import { ApiError, isAlreadyExists, isConflict } from './api-error.ts';

const refusal = (code: number, reason: string) =>
  new ApiError({ kind: 'Status', apiVersion: 'v1', reason, message: 'no' }, code);

describe('ApiError', () => {
  it('carries the Status the server sent and the wait it asked for', () => {
    const body = JSON.stringify({
      kind: 'Status',
      message: 'slow down',
      reason: 'TooManyRequests',
    });
    const error = ApiError.fromResponse(429, { 'retry-after': '7' }, body, 'GET /x');
    assert.equal(error.message, 'slow down');
    assert.equal(error.reason, 'TooManyRequests');
    assert.equal(error.retryAfterSeconds, 7);
  });

  it('names the call when the answer is no Status', () => {
    const error = ApiError.fromResponse(502, {}, '<html>bad gateway</html>', 'GET /x');
    assert.equal(error.message, 'GET /x: HTTP 502: <html>bad gateway</html>');
    assert.equal(error.code, 502);
  });

  it('tells a taken name from a lost race', () => {
    assert.ok(isAlreadyExists(refusal(409, 'AlreadyExists')));
    assert.ok(!isConflict(refusal(409, 'AlreadyExists')));
    assert.ok(isConflict(refusal(409, 'Conflict')));
  });
});
