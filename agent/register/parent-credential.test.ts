import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isSameMembership, nextCredentialStep } from './parent-credential.ts';

const credential = {
  server: 'https://parent',
  caBundle: 'pem',
  token: 't',
  namespace: 'n',
  managedClusterName: 'm',
  receivedAt: '2026-01-01T00:00:00Z',
  expiresAt: '2026-01-02T00:00:00Z',
};
const at = (hours: number) => new Date(Date.parse(credential.receivedAt) + hours * 3_600_000);

describe('nextCredentialStep', () => {
  it('waits until half of the life is over, renews in the second half, joins after it', () => {
    const step = (hours: number) =>
      nextCredentialStep(credential, 'https://parent', 'good', at(hours)).step;
    assert.deepEqual([0, 11.9, 12, 23.9, 24].map(step), ['wait', 'wait', 'renew', 'renew', 'join']);
  });

  it('joins when there is no credential, or one of another parent, or a refused one', () => {
    const step = (...args: Parameters<typeof nextCredentialStep>) =>
      nextCredentialStep(...args).step;
    assert.equal(step(undefined, 'https://parent', 'good', at(1)), 'join');
    assert.equal(step(credential, 'https://other', 'good', at(1)), 'join');
    assert.equal(step(credential, 'https://parent', 'refused', at(1)), 'join');
    assert.equal(step(credential, 'https://parent', 'doubted', at(1)), 'renew');
    assert.equal(
      step({ ...credential, expiresAt: 'soon' }, 'https://parent', 'good', at(1)),
      'join',
    );
  });

  it('never waits past half of the life', () => {
    fc.assert(
      fc.property(fc.double({ min: -100, max: 100, noNaN: true }), hours => {
        const next = nextCredentialStep(credential, 'https://parent', 'good', at(hours));
        if (next.step === 'wait') assert.ok(at(hours).getTime() + next.ms <= at(12).getTime() + 1);
      }),
    );
  });
});

describe('isSameMembership', () => {
  it('looks past the token and its dates', () => {
    assert.ok(isSameMembership(credential, { ...credential, token: 'u', expiresAt: 'later' }));
    assert.ok(!isSameMembership(credential, { ...credential, caBundle: 'other' }));
    assert.ok(!isSameMembership(undefined, credential));
  });
});
