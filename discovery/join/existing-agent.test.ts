import assert from 'node:assert/strict';
import type { Secret } from '../../kube/builtin-kinds.ts';
import { Blocked } from './blocked.ts';
import { judgeAgent } from './existing-agent.ts';

const parent = 'https://parent.test:6443';

function secret(data: Readonly<Record<string, string>>, labels = {}): Secret {
  const encoded = Object.entries(data).map(([key, value]) => [
    key,
    Buffer.from(value).toString('base64'),
  ]);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's', labels },
    data: Object.fromEntries(encoded),
  };
}

const byHand = { registration: secret({ parentURL: `${parent}/` }), credential: undefined };
const foreign = {
  registration: undefined,
  credential: secret({ 'apiserver-advertise-url': 'https://another.test' }),
};

describe('judgeAgent', () => {
  it('installs where there is none, and goes on where it installed one itself', () => {
    const none = { registration: undefined, credential: undefined };
    assert.equal(judgeAgent(none, parent, undefined), 'ours');
    const labels = { 'clusternet.io/created-by': 'clusternet-discovery' };
    const registration = secret({ parentURL: 'https://old-address.test' }, labels);
    assert.equal(judgeAgent({ registration, credential: undefined }, parent, undefined), 'ours');
  });

  it('leaves an agent of this parent alone until told to manage it', () => {
    assert.equal(judgeAgent(byHand, parent, undefined), 'adopted');
    assert.equal(judgeAgent(byHand, parent, 'Adopt'), 'ours');
  });

  it('refuses an agent of another parent until told to replace it', () => {
    for (const takeover of [undefined, 'Adopt'] as const)
      assert.throws(
        () => judgeAgent(foreign, parent, takeover),
        (error: unknown) => error instanceof Blocked && error.reason === 'ForeignAgent',
      );
    assert.equal(judgeAgent(foreign, parent, 'Force'), 'ours');
  });
});
