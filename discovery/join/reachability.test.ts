import assert from 'node:assert/strict';
import { ApiError } from '../../kube/api-error.ts';
import { unreachability } from './reachability.ts';

const failure = (code: string) =>
  new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code }) });

const refusal = (code: number) =>
  new ApiError({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, message: 'no' }, code);

describe('unreachability', () => {
  it('names the cause by its code, wherever in the chain it is', () => {
    const cases = [
      [failure('ENOTFOUND'), 'NameNotResolved'],
      [failure('ECONNREFUSED'), 'ConnectionRefused'],
      [failure('UND_ERR_CONNECT_TIMEOUT'), 'TimedOut'],
      [failure('SELF_SIGNED_CERT_IN_CHAIN'), 'CertificateInvalid'],
      [failure('ERR_TLS_CERT_ALTNAME_INVALID'), 'CertificateInvalid'],
      [new AggregateError([failure('ECONNREFUSED')]), 'ConnectionRefused'],
      [new DOMException('slow', 'TimeoutError'), 'TimedOut'],
      [failure('EPROTO'), 'Unreachable'],
      [new Error('odd'), 'Unreachable'],
      [refusal(401), 'Unauthorized'],
      [refusal(403), 'Forbidden'],
    ] as const;
    for (const [error, reason] of cases) assert.equal(unreachability(error)?.reason, reason);
  });

  it('leaves alone what a cluster answers that was reached', () => {
    assert.equal(unreachability(refusal(422)), undefined);
    assert.equal(unreachability(refusal(500)), undefined);
  });
});
