import assert from 'node:assert/strict';
import { judgeLiveness } from './liveness.ts';

const limits = { idleMs: 5_000, deadMs: 10_000 };

describe('judgeLiveness', () => {
  it('waits until the peer has been silent for the idle time', () => {
    assert.deepEqual(
      judgeLiveness({ now: 7_000, lastReceivedAt: 4_000, dueAt: 7_000, ...limits }),
      {
        kind: 'alive',
        nextInMs: 2_000,
      },
    );
  });

  it('asks for a sign of life after the idle time and comes back when the peer would be dead', () => {
    assert.deepEqual(
      judgeLiveness({ now: 9_100, lastReceivedAt: 4_000, dueAt: 9_000, ...limits }),
      {
        kind: 'ask',
        nextInMs: 4_900,
      },
    );
  });

  it('gives the peer up after the dead time', () => {
    assert.deepEqual(
      judgeLiveness({ now: 14_000, lastReceivedAt: 4_000, dueAt: 14_000, ...limits }),
      { kind: 'dead' },
    );
  });

  it('asks again when the silence may be its own, because its timer was late', () => {
    assert.deepEqual(
      judgeLiveness({ now: 60_000, lastReceivedAt: 4_000, dueAt: 9_000, ...limits }),
      { kind: 'ask', nextInMs: 5_000 },
    );
  });
});
