import assert from 'node:assert/strict';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { readKubeconfig } from './kubeconfig.ts';

const pem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
const base64 = Buffer.from(pem).toString('base64');
const secret = 'top-secret-value';

function kubeconfig(parts: { cluster?: object; user?: object; rest?: object } = {}): string {
  const cluster = { server: 'https://api.test:6443', 'certificate-authority-data': base64 };
  const user = { 'client-certificate-data': base64, 'client-key-data': base64 };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'x',
    contexts: [
      { name: 'other', context: { cluster: 'nowhere', user: 'nobody' } },
      { name: 'x', context: { cluster: 'c', user: 'u' } },
    ],
    clusters: [{ name: 'c', cluster: parts.cluster ?? cluster }],
    users: [{ name: 'u', user: parts.user ?? user }],
    ...parts.rest,
  });
}

function refusal(text: string): { reason: string; message: string } {
  const verdict = readKubeconfig(text);
  assert.ok(verdict.accepted === undefined, 'it must be refused');
  assert.ok(!verdict.message.includes(secret), 'a refusal must hold no secret');
  return verdict;
}

const withCluster = (fields: object) =>
  kubeconfig({
    cluster: { server: 'https://api.test', 'certificate-authority-data': base64, ...fields },
  });

describe('readKubeconfig', () => {
  it('takes server, CA and client certificate of the current context, as PEM', () => {
    assert.deepEqual(readKubeconfig(kubeconfig()).accepted, {
      server: 'https://api.test:6443',
      ca: pem,
      certificate: pem,
      key: pem,
    });
  });

  it('takes a token instead of a certificate, and a server name', () => {
    const cluster = {
      server: 'https://10.0.0.1',
      'certificate-authority-data': base64,
      'tls-server-name': 'api.test',
    };
    const accepted = readKubeconfig(kubeconfig({ cluster, user: { token: secret } })).accepted;
    assert.equal(accepted?.token, secret);
    assert.equal(accepted?.serverName, 'api.test');
  });

  it('refuses whatever would run a program, read a file or skip a check, naming the field and the remedy', () => {
    const cases: readonly (readonly [string, string, RegExp])[] = [
      [kubeconfig({ user: { exec: { command: 'sh' } } }), 'ExecNotAllowed', /user\.exec .*program/],
      [kubeconfig({ user: { 'auth-provider': {} } }), 'SecretInvalid', /user\.auth-provider/],
      [
        kubeconfig({ user: { tokenFile: '/etc/shadow' } }),
        'SecretInvalid',
        /user\.tokenFile .*file/,
      ],
      [
        kubeconfig({ user: { 'client-key': '/k' } }),
        'SecretInvalid',
        /user\.client-key .*client-key-data/,
      ],
      [
        kubeconfig({ user: { token: secret, as: 'admin' } }),
        'SecretInvalid',
        /user\.as is not allowed/,
      ],
      [
        withCluster({ 'certificate-authority': '/ca' }),
        'SecretInvalid',
        /certificate-authority-data/,
      ],
      [withCluster({ 'insecure-skip-tls-verify': true }), 'SecretInvalid', /must be verified/],
      [withCluster({ 'proxy-url': 'http://p' }), 'SecretInvalid', /proxy/],
    ];
    for (const [text, reason, message] of cases) {
      const verdict = refusal(text);
      assert.equal(verdict.reason, reason);
      assert.match(verdict.message, message);
    }
  });

  it('lets a field through that is switched off, as kubectl does', () => {
    assert.ok(readKubeconfig(withCluster({ 'insecure-skip-tls-verify': false })).accepted);
  });

  it('names what is missing or misshapen', () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ['[', /not valid YAML/],
      ['hello', /kind must be Config/],
      ['a: &x [1]\nb: *x\nkind: Config', /not valid YAML|current-context/],
      [kubeconfig({ rest: { 'current-context': 'gone' } }), /contexts has no entry "gone"/],
      [kubeconfig({ rest: { 'current-context': 'other' } }), /clusters has no entry "nowhere"/],
      [kubeconfig({ rest: { users: [] } }), /users has no entry "u"/],
      [withCluster({ server: 'http://api.test' }), /cluster\.server must be an https URL/],
      [withCluster({ server: `https://me:${secret}@api.test` }), /no credentials/],
      [withCluster({ 'certificate-authority-data': 'AAAA' }), /certificate-authority-data/],
      [kubeconfig({ user: { 'client-certificate-data': base64 } }), /client-key-data/],
      [kubeconfig({ user: {} }), /or token/],
      [`${kubeconfig()}${' '.repeat(300_000)}`, /larger than/],
    ];
    for (const [text, message] of cases) assert.match(refusal(text).message, message);
  });

  it('never throws and never accepts an unverified server, whatever the text is', () => {
    const cluster = fc.dictionary(
      fc.constantFrom('server', 'certificate-authority-data', 'proxy-url', 'x'),
      fc.oneof(fc.string(), fc.constant('https://a.test'), fc.constant(base64), fc.anything()),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          cluster.map(fields => kubeconfig({ cluster: fields })),
        ),
        text => {
          const { accepted } = readKubeconfig(text);
          if (accepted) {
            assert.match(accepted.server, /^https:\/\//);
            assert.match(accepted.ca, /BEGIN/);
          }
        },
      ),
    );
  });
});
