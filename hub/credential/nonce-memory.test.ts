import assert from 'node:assert/strict';
import { NonceMemory } from './nonce-memory.ts';

describe('NonceMemory', () => {
  it('knows a nonce again for ten minutes, per cluster', () => {
    let now = 0;
    const nonces = new NonceMemory(() => now);
    assert.equal(nonces.use('a', 'n'), 'fresh');
    assert.equal(nonces.use('b', 'n'), 'fresh');
    now = 599_999;
    assert.equal(nonces.use('a', 'n'), 'replayed');
    now = 600_000;
    assert.equal(nonces.use('a', 'n'), 'fresh');
  });

  it('refuses a cluster that asks too often, and only that one', () => {
    const nonces = new NonceMemory(() => 0, { perCluster: 2 });
    for (const nonce of ['1', '2']) nonces.use('a', nonce);
    assert.equal(nonces.use('a', '3'), 'full');
    assert.equal(nonces.use('b', '3'), 'fresh');
  });
});
