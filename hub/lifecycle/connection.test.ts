import assert from 'node:assert/strict';
import fc from 'fast-check';
import { judgeConnection } from './connection.ts';

const steady = { known: true, steadyMs: 100_000 };

describe('judgeConnection', () => {
  it('calls a cluster connected as soon as a live replica holds its tunnel, even right after our start', () => {
    const facts = { known: true, holderSilentMs: 4_000, steadyMs: 0 };
    assert.deepEqual(judgeConnection(facts), { state: 'connected' });
  });

  it('calls a released tunnel lost at once when we have watched steadily', () => {
    assert.deepEqual(judgeConnection({ ...steady, holderSilentMs: undefined }), { state: 'lost' });
  });

  it('calls nothing lost within 45 s of our start or of a gap, and says when to look again', () => {
    const facts = { known: true, holderSilentMs: undefined, steadyMs: 44_000 };
    assert.deepEqual(judgeConnection(facts), { state: 'unsure', askAgainMs: 1_000 });
  });

  it('gives the clusters of a silent hub 45 s', () => {
    assert.equal(judgeConnection({ ...steady, holderSilentMs: 16_000 }).state, 'unsure');
    assert.equal(judgeConnection({ ...steady, holderSilentMs: 44_999 }).state, 'unsure');
    assert.equal(judgeConnection({ ...steady, holderSilentMs: 45_000 }).state, 'lost');
  });

  it('knows a cluster that was never connected', () => {
    const facts = { known: false, holderSilentMs: undefined, steadyMs: 0 };
    assert.deepEqual(judgeConnection(facts), { state: 'never' });
  });

  it('never calls a cluster lost that may still be connected', () => {
    fc.assert(
      fc.property(
        fc.option(fc.nat(200_000), { nil: undefined }),
        fc.nat(200_000),
        (holderSilentMs, steadyMs) => {
          const { state } = judgeConnection({ known: true, holderSilentMs, steadyMs });
          if (state === 'lost') {
            assert.ok(steadyMs >= 45_000);
            assert.ok(holderSilentMs === undefined || holderSilentMs >= 45_000);
          }
        },
      ),
    );
  });
});
