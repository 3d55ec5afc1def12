import assert from 'node:assert/strict';
import { selfSigned } from '../../test/tls-front.ts';
import { StatusError } from '../server/status-error.ts';
import { childIdentity } from './child-identity.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('childIdentity', () => {
  it('is nobody without extras, and ignores extras that are not its own', () => {
    assert.deepEqual(childIdentity({ scopes: ['a'], 'example.com/x': ['y'] }), { headers: [] });
    assert.deepEqual(childIdentity({ 'clusternet-token': [] }), { headers: [] });
  });

  it('is the bearer of the first token', () => {
    const { headers } = childIdentity({ 'clusternet-token': ['t1', 't2'] });
    assert.deepEqual(headers, ['Authorization', 'Bearer t1']);
  });

  it('asks the child to impersonate, with every group and extra', () => {
    const { headers } = childIdentity({
      'clusternet-impersonate-user': ['joe'],
      'clusternet-impersonate-uid': ['7'],
      'clusternet-impersonate-group': ['a', 'b'],
      'clusternet-impersonate-extra-example.com/scope': ['view'],
    });
    assert.deepEqual(headers, [
      ...['Impersonate-User', 'joe', 'Impersonate-Uid', '7'],
      ...['Impersonate-Group', 'a', 'Impersonate-Group', 'b'],
      ...['Impersonate-Extra-example.com%2fscope', 'view'],
    ]);
  });

  it('is the holder of a certificate when its key comes with it', async () => {
    const { certificate, key } = await selfSigned();
    const { tls } = childIdentity({
      'clusternet-certificate': [base64(certificate)],
      'clusternet-privatekey': [base64(key)],
    });
    assert.deepEqual(tls, { certificate, key });
  });

  it('refuses what it cannot use and says which extra it was, without its value', async () => {
    const [one, other] = [await selfSigned(), await selfSigned()];
    for (const [extra, words] of [
      [{ 'clusternet-privatekey': [base64(one.key)] }, /only good together/],
      [
        {
          'clusternet-certificate': [base64(one.certificate)],
          'clusternet-privatekey': [base64(other.key)],
        },
        /must be base64 of a PEM certificate and of its PEM private key/,
      ],
      [{ 'clusternet-token': ['a\r\nHost: evil'] }, /clusternet-token/],
      [{ 'clusternet-content-length': ['1'] }, /clusternet-content-length is not known/],
      [{ 'clusternet-impersonate-extra-': ['1'] }, /clusternet-impersonate-extra-/],
    ] as const) {
      assert.throws(
        () => childIdentity(extra),
        error => error instanceof StatusError && error.code === 400 && words.test(error.message),
      );
    }
  });
});
