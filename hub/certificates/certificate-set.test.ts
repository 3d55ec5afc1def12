import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import {
  type CertificateSet,
  fromSecret,
  makeCertificateSet,
  rotate,
  rotationStep,
  toSecretData,
  trustBundle,
} from './certificate-set.ts';

const names = ['clusternet-hub.clusternet-system.svc'];
const start = new Date('2026-01-01T00:00:00Z');
const days = (n: number) => new Date(start.getTime() + n * 24 * 3_600_000);

/** Takes steps until none is left, as the leader does hour by hour. */
async function settle(set: CertificateSet, now: Date): Promise<CertificateSet> {
  const step = rotationStep(set, names, now);
  return step === 'none' ? set : settle(await rotate(set, step, names, now), now);
}

function isTrusted(serving: string, bundle: string): boolean {
  const leaf = new X509Certificate(serving);
  const authorities = bundle.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? [];
  return authorities
    .map(pem => new X509Certificate(pem))
    .some(authority => leaf.checkIssued(authority) && leaf.verify(authority.publicKey));
}

describe('the certificates of the hub', () => {
  it('are good for two months without any step, then the serving certificate is renewed', async () => {
    const set = await makeCertificateSet(names, start);
    assert.equal(rotationStep(set, names, days(59)), 'none');
    assert.equal(rotationStep(set, names, days(61)), 'issue-serving');
    const renewed = await settle(set, days(61));
    assert.notEqual(renewed.serving.certificate, set.serving.certificate);
    assert.equal(renewed.issuer.certificate, set.issuer.certificate);
  });

  it('are renewed at once when the Service has another name', async () => {
    const set = await makeCertificateSet(names, start);
    assert.equal(rotationStep(set, ['other.ns.svc'], start), 'issue-serving');
  });

  it('change authority with an overlap: at every step old and new listeners are trusted by old and new bundles', async () => {
    let set = await settle(await makeCertificateSet(names, start), start);
    let now = start;
    let authorities = new Set([set.issuer.certificate]);
    let steps = 0;
    // Four years, a step at most every two hours near the change, as the hourly check would.
    for (let day = 0; day < 4 * 365; day += 0.5) {
      now = days(day);
      const step = rotationStep(set, names, now);
      if (step === 'none') continue;
      const next = await rotate(set, step, names, now);
      steps += 1;
      assert.ok(isTrusted(next.serving.certificate, trustBundle(set)), `${step}: new by old`);
      assert.ok(isTrusted(set.serving.certificate, trustBundle(next)), `${step}: old by new`);
      set = next;
      authorities = authorities.add(set.issuer.certificate);
    }
    assert.equal(authorities.size, 2);
    assert.equal(set.formerIssuer, undefined);
    assert.ok(steps < 40, `${steps} steps`);
  }).timeout(20_000);

  it('survive the Secret, and a broken Secret counts as none', async () => {
    const set = await rotate(
      await makeCertificateSet(names, start),
      'prepare-issuer',
      names,
      start,
    );
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: {}, data: toSecretData(set) };
    assert.deepEqual(fromSecret(secret), set);
    assert.equal(fromSecret(undefined), undefined);
    const { 'tls.key': _, ...incomplete } = secret.data;
    assert.equal(fromSecret({ ...secret, data: incomplete }), undefined);
    const garbage = { ...secret.data, 'tls.crt': Buffer.from('garbage').toString('base64') };
    assert.equal(fromSecret({ ...secret, data: garbage }), undefined);
  });
});
