import assert from 'node:assert/strict';
import { ClusternetError } from '../../api/errors.ts';
import { ApiError } from '../../kube/api-error.ts';
import { classifyJoinFailure } from './join-failure.ts';

const refusal = (code: number, message = 'no') =>
  new ApiError({ kind: 'Status', apiVersion: 'v1', message }, code);
const reason = (error: unknown) => classifyJoinFailure(error, 'https://parent').reason;
const dialError = (code: string, message: string) => {
  const cause = Object.assign(new Error(message), { code });
  return new Error('fetch failed', { cause });
};

describe('classifyJoinFailure', () => {
  it('tells apart what an administrator would mend in different places', () => {
    assert.equal(reason(refusal(401)), 'TokenRefused');
    assert.equal(reason(refusal(403)), 'Forbidden');
    assert.equal(reason(refusal(404)), 'HubNotReady');
    assert.equal(reason(refusal(503)), 'HubNotReady');
    assert.equal(reason(refusal(409)), 'Pending');
    assert.equal(reason(refusal(422, 'spec.timestamp: too old')), 'ClockSkew');
    assert.equal(reason(refusal(500)), 'Failed');
    assert.equal(reason(dialError('ECONNREFUSED', 'connect ECONNREFUSED')), 'HubUnreachable');
    assert.equal(
      reason(dialError('SELF_SIGNED_CERT_IN_CHAIN', 'self-signed')),
      'CertificateUntrusted',
    );
  });

  it('gives the words of the innermost error and names the parent', () => {
    const { message } = classifyJoinFailure(
      dialError('ENOTFOUND', 'getaddrinfo ENOTFOUND parent'),
      'https://parent',
    );
    assert.equal(message, 'cannot reach https://parent: getaddrinfo ENOTFOUND parent');
  });

  it('holds only a denial for final', () => {
    const denied = new ClusternetError('CN_AGENT_REGISTRATION_DENIED', 'denied');
    const pending = new ClusternetError('CN_AGENT_REGISTRATION_PENDING', 'wait');
    assert.ok(classifyJoinFailure(denied, '').final);
    assert.ok(!classifyJoinFailure(pending, '').final);
    assert.ok(!classifyJoinFailure(refusal(401), '').final);
  });
});
