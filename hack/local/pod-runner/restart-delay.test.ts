import assert from 'node:assert/strict';
import { nextRestartDelay, type RestartDelay } from './restart-delay.ts';

function delays(ran: number[]): number[] {
  let delay: RestartDelay | undefined;
  return ran.map(ranMs => {
    delay = nextRestartDelay(delay, ranMs);
    return delay.delayMs / 1000;
  });
}

describe('nextRestartDelay', () => {
  it('restarts at once, then after 10 s, doubling to five minutes', () => {
    assert.deepEqual(delays(Array(8).fill(1000)), [0, 10, 20, 40, 80, 160, 300, 300]);
  });

  it('forgives a container that has run for ten minutes', () => {
    assert.deepEqual(delays([1000, 1000, 1000, 600_000, 1000]), [0, 10, 20, 0, 10]);
  });
});
