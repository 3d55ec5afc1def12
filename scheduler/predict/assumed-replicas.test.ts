import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FakeClock } from '../../test/fake-clock.ts';
import { AssumedReplicas } from './assumed-replicas.ts';

describe('AssumedReplicas', () => {
  it('never leaves room twice: what is placed and what is left fit together', async () => {
    const placements = fc.array(fc.record({ big: fc.boolean(), share: fc.nat(100) }), {
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(placements, fc.nat(1_000), async (all, capacity) => {
        const clock = new FakeClock();
        const assumed = new AssumedReplicas(clock);
        // A big replica needs as much as two small ones.
        const rooms = { big: Math.floor(capacity / 2), small: capacity };
        let used = 0;
        for (const { big, share } of all) {
          const kind = big ? 'big' : 'small';
          const left = assumed.left('a', kind, { replicas: rooms[kind], at: 0 });
          const count = Math.floor((left * share) / 100);
          assumed.add('a', kind, count, rooms[kind]);
          used += count * (big ? 2 : 1);
          await clock.advance(600);
        }
        assert.ok(used <= capacity, `${used} of ${capacity}`);
      }),
    );
  });

  it('counts placements of one second together, and each can be taken back', async () => {
    const clock = new FakeClock();
    const assumed = new AssumedReplicas(clock);
    const first = assumed.add('a', 'q', 3, 10);
    await clock.advance(500);
    assumed.add('a', 'q', 2, 10);
    const answer = { replicas: 10, at: 0 };
    assert.equal(assumed.left('a', 'q', answer), 5);
    first();
    assert.equal(assumed.left('a', 'q', answer), 8);
    assert.equal(assumed.left('b', 'q', answer), 10);
  });

  it('lets an answer count for what was placed long enough before it', async () => {
    const clock = new FakeClock();
    const assumed = new AssumedReplicas(clock);
    assumed.add('a', 'q', 3, 10);
    assert.equal(assumed.left('a', 'q', { replicas: 10, at: 14_999 }), 7);
    assert.equal(assumed.left('a', 'q', { replicas: 10, at: 15_000 }), 10);
  });
});
