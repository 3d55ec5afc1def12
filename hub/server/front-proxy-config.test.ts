import assert from 'node:assert/strict';
import { makeAuthority } from '../certificates/issue.ts';
import { readFrontProxyConfig } from './front-proxy-config.ts';

const now = new Date();

function published(over: Record<string, string>): Record<string, string> {
  return {
    'client-ca-file': '',
    'requestheader-client-ca-file': 'pem',
    'requestheader-allowed-names': '["front-proxy-client"]',
    'requestheader-username-headers': '["X-Remote-User"]',
    'requestheader-group-headers': '["X-Remote-Group"]',
    'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
    ...over,
  };
}

function refusal(data: Record<string, string> | undefined): string {
  const verdict = readFrontProxyConfig(data);
  return verdict.trusted ? 'trusted' : verdict.reason;
}

describe('readFrontProxyConfig', () => {
  it('reads what a kube-apiserver publishes; older ones know no uid header', () => {
    const verdict = readFrontProxyConfig(published({}));
    assert.deepEqual(verdict, {
      trusted: true,
      config: {
        clientCA: 'pem',
        allowedNames: ['front-proxy-client'],
        usernameHeaders: ['X-Remote-User'],
        uidHeaders: [],
        groupHeaders: ['X-Remote-Group'],
        extraHeaderPrefixes: ['X-Remote-Extra-'],
      },
    });
  });

  it('trusts nobody when aggregation is not configured or the lists are no lists', () => {
    assert.match(refusal(undefined), /aggregation is not configured/);
    assert.match(refusal(published({ 'requestheader-client-ca-file': ' ' })), /not configured/);
    assert.match(
      refusal(published({ 'requestheader-group-headers': '{}' })),
      /group-headers is not/,
    );
    assert.match(
      refusal(published({ 'requestheader-allowed-names': 'x' })),
      /allowed-names is not/,
    );
    assert.match(refusal(published({ 'requestheader-username-headers': '[]' })), /empty/);
  });

  it('refuses an empty list of names when the same CA signs ordinary clients', async () => {
    const [shared, other] = [await makeAuthority(now), await makeAuthority(now)];
    const anyName = {
      'requestheader-allowed-names': '[]',
      'requestheader-client-ca-file': shared.certificate,
    };
    const clash = { ...anyName, 'client-ca-file': other.certificate + shared.certificate };
    assert.match(refusal(published(clash)), /start kube-apiserver with --requestheader-allowed/);
    const apart = { ...anyName, 'client-ca-file': other.certificate };
    assert.equal(refusal(published(apart)), 'trusted');
    const named = { ...clash, 'requestheader-allowed-names': '["front-proxy-client"]' };
    assert.equal(refusal(published(named)), 'trusted');
  });
});
