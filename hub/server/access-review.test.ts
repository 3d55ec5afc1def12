import assert from 'node:assert/strict';
import {
  type AccessVerdict,
  rememberedAccess,
  type SocketAccess,
  verbOf,
} from './access-review.ts';

function access(name: string, over: Partial<SocketAccess> = {}): SocketAccess {
  return {
    user: { name, groups: ['g'], extra: {} },
    verb: 'get',
    clusterId: 'c1',
    subresource: 'proxy',
    ...over,
  };
}

function setUp(answer: (access: SocketAccess) => AccessVerdict, capacity?: number) {
  let time = 0;
  const asked: SocketAccess[] = [];
  const decide = rememberedAccess(
    async wanted => {
      asked.push(wanted);
      return answer(wanted);
    },
    () => time,
    capacity,
  );
  return { decide, asked, pass: (ms: number) => (time += ms) };
}

describe('rememberedAccess', () => {
  it('forgets a permission after 10 s and a refusal after 2 s', async () => {
    const { decide, asked, pass } = setUp(({ user }) => ({
      allowed: user.name === 'friend',
      reason: '',
    }));
    await decide(access('friend'));
    await decide(access('stranger'));
    pass(1_999);
    await decide(access('stranger'));
    assert.equal(asked.length, 2);
    pass(1);
    await decide(access('stranger'));
    assert.equal(asked.length, 3);
    pass(7_999);
    await decide(access('friend'));
    assert.equal(asked.length, 3);
    pass(1);
    await decide(access('friend'));
    assert.equal(asked.length, 4);
  });

  it('never answers one question with the answer to another', async () => {
    const { decide, asked } = setUp(() => ({ allowed: true, reason: '' }));
    await decide(access('a'));
    await decide(access('a', { verb: 'delete' }));
    await decide(access('a', { clusterId: 'c2' }));
    await decide(access('a', { subresource: 'attach' }));
    await decide(access('a', { user: { name: 'a', groups: [], extra: {} } }));
    await decide(access('a', { user: { name: 'a', groups: ['g'], extra: { scopes: ['x'] } } }));
    assert.equal(asked.length, 6);
  });

  it('shows the parent no credential that is meant for the child', async () => {
    const { decide, asked } = setUp(() => ({ allowed: true, reason: '' }));
    const extra = { 'clusternet-token': ['secret'], scopes: ['x'] };
    await decide(access('a', { user: { name: 'a', groups: [], extra } }));
    assert.deepEqual(asked[0]?.user.extra, { scopes: ['x'] });
  });

  it('asks once for equal questions in flight', async () => {
    const { decide, asked } = setUp(() => ({ allowed: true, reason: '' }));
    await Promise.all([decide(access('a')), decide(access('a')), decide(access('a'))]);
    assert.equal(asked.length, 1);
  });

  it('does not remember a review that failed', async () => {
    let failures = 1;
    const decide = rememberedAccess(
      async () => {
        if (failures-- > 0) throw new Error('parent is away');
        return { allowed: true, reason: '' };
      },
      () => 0,
    );
    await assert.rejects(decide(access('a')));
    assert.equal((await decide(access('a'))).allowed, true);
  });

  it('holds no more answers than its capacity', async () => {
    const { decide, asked } = setUp(() => ({ allowed: true, reason: '' }), 2);
    for (const name of ['a', 'b', 'c']) await decide(access(name));
    await decide(access('c'));
    assert.equal(asked.length, 3);
    await decide(access('a'));
    assert.equal(asked.length, 4);
  });
});

describe('verbOf', () => {
  it('follows the API server for named resources and knows no other methods', () => {
    assert.equal(verbOf('GET'), 'get');
    assert.equal(verbOf('PUT'), 'update');
    assert.equal(verbOf('TRACE'), undefined);
    assert.equal(verbOf('toString'), undefined);
  });
});
