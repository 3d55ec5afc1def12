import assert from 'node:assert/strict';
import type { AuthenticatedUser } from './authenticated-request.ts';
import { authenticator } from './authentication.ts';
import type { FrontProxyConfig } from './front-proxy-config.ts';

const config: FrontProxyConfig = {
  clientCA: 'unused here',
  allowedNames: ['front-proxy-client'],
  usernameHeaders: ['X-Remote-User'],
  uidHeaders: ['X-Remote-Uid'],
  groupHeaders: ['X-Remote-Group'],
  extraHeaderPrefixes: ['X-Remote-Extra-'],
};
const frontProxy = { verifiedName: 'front-proxy-client' };
const noCertificate = { verifiedName: undefined };
const jane: AuthenticatedUser = { name: 'jane', groups: ['system:authenticated'], extra: {} };

function setUp(trusted: { config?: FrontProxyConfig } = { config }) {
  const reviewed: string[] = [];
  const authenticate = authenticator({
    frontProxy: () => trusted.config,
    reviewToken: async token => {
      reviewed.push(token);
      return token === 'janes' ? jane : undefined;
    },
    now: () => 0,
  });
  return { authenticate, reviewed };
}

const forged = ['X-Remote-User', 'admin', 'X-Remote-Group', 'system:masters'];

describe('authenticator', () => {
  it('takes user, uid, groups and extras from the front proxy', async () => {
    const { authenticate } = setUp();
    const user = await authenticate(
      [
        ...[
          'X-Remote-User',
          'ann',
          'X-Remote-Uid',
          '7',
          'X-Remote-Group',
          'a',
          'x-remote-group',
          'b',
        ],
        ...['X-Remote-Extra-Clusternet-Token', 'secret', 'X-Remote-Extra-Ex.io%2fId', '1'],
      ],
      frontProxy,
    );
    assert.deepEqual(user, {
      name: 'ann',
      uid: '7',
      groups: ['a', 'b'],
      extra: { 'clusternet-token': ['secret'], 'ex.io/id': ['1'] },
    });
  });

  it('never believes X-Remote-* without the front proxy certificate', async () => {
    const { authenticate } = setUp();
    for (const peer of [noCertificate, { verifiedName: 'somebody-else' }]) {
      await assert.rejects(authenticate(forged, peer), { code: 401 });
      const user = await authenticate([...forged, 'Authorization', 'Bearer janes'], peer);
      assert.equal(user.name, 'jane');
    }
    const withoutTrust = setUp({});
    await assert.rejects(withoutTrust.authenticate(forged, frontProxy), { code: 401 });
  });

  it('refuses anonymous, also from the front proxy, and says what to do', async () => {
    const { authenticate } = setUp();
    await assert.rejects(authenticate([], noCertificate), /bearer token/);
    await assert.rejects(authenticate([], frontProxy), { code: 401 });
    await assert.rejects(authenticate(['X-Remote-User', 'system:anonymous'], frontProxy), {
      code: 401,
    });
    await assert.rejects(
      authenticate(['X-Remote-User', 'x', 'X-Remote-Group', 'system:unauthenticated'], frontProxy),
      { code: 401 },
    );
  });

  it('refuses a token the parent does not accept and asks once for the same token', async () => {
    const { authenticate, reviewed } = setUp();
    for (const token of ['wrong', 'wrong', 'janes', 'janes'])
      await authenticate(['authorization', `bearer ${token}`], noCertificate).catch(
        () => undefined,
      );
    assert.deepEqual(reviewed, ['wrong', 'janes']);
    await assert.rejects(authenticate(['Authorization', 'Basic abc'], noCertificate), {
      code: 401,
    });
  });
});
