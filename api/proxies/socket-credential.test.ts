import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import {
  isCredentialSigned,
  isSamePublicKey,
  publicKeyText,
  signCredential,
  validateCredential,
} from './socket-credential.ts';

const now = new Date('2026-03-01T10:00:00Z');
const subject = { clusterId: 'c1', crrUid: 'u1' };
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const signed = () => signCredential(privateKey, subject, randomBytes(16), now);

describe('a socket credential', () => {
  it('is accepted for the cluster and registration it was signed for, and no other', () => {
    const { spec } = signed();
    assert.deepEqual(validateCredential(signed(), now), []);
    assert.ok(isCredentialSigned(spec, subject));
    assert.ok(!isCredentialSigned(spec, { ...subject, clusterId: 'c2' }));
    assert.ok(!isCredentialSigned(spec, { ...subject, crrUid: 'u2' }));
    assert.ok(!isCredentialSigned({ ...spec, nonce: 'another-nonce-of-22-chars' }, subject));
  });

  it('is refused when another key signed it', () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const { spec } = signed();
    assert.ok(!isCredentialSigned({ ...spec, publicKey: publicKeyText(other) }, subject));
    assert.ok(!isSamePublicKey(spec.publicKey, publicKeyText(other)));
    assert.ok(isSamePublicKey(spec.publicKey, publicKeyText(privateKey)));
  });

  it('says which field is wrong', () => {
    const { spec } = signed();
    const problems = (change: object) =>
      validateCredential({ kind: 'SocketCredential', spec: { ...spec, ...change } }, now).join();
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
    assert.match(problems({ publicKey: publicKeyText(rsa) }), /^spec.publicKey: must be a P-256/);
    assert.match(problems({ timestamp: 'noon' }), /^spec.timestamp: must be an RFC 3339/);
    assert.match(problems({ timestamp: '2026-03-01T10:05:01Z' }), /more than 5 minutes/);
    assert.equal(problems({ timestamp: '2026-03-01T09:55:00Z' }), '');
    assert.match(problems({ nonce: 'short' }), /^spec.nonce/);
    assert.match(problems({ signature: 'AAAA' }), /^spec.signature/);
    assert.deepEqual(validateCredential({}, now), ['spec: is required and must be an object']);
  });

  it('never makes validation throw, whatever is sent', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (body, field) => {
        assert.notDeepEqual(validateCredential(body, now), []);
        assert.notDeepEqual(validateCredential({ spec: { publicKey: field } }, now), []);
      }),
    );
  });
});
