import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { FakeClock } from '../../test/fake-clock.ts';
import type { OutgoingResponse } from './authenticated-request.ts';
import { RunningRequests } from './running-requests.ts';

describe('RunningRequests', () => {
  const response = () => new EventEmitter() as OutgoingResponse;

  it('waits for the last answer', async () => {
    const requests = new RunningRequests(new FakeClock());
    const [one, two] = [response(), response()];
    requests.note('/api/v1/pods', one);
    requests.note('/api/v1/nodes?limit=5', two);
    const finished = requests.finished(10_000);
    one.emit('close');
    const soon = new Promise(resolve => setImmediate(resolve, 'waits'));
    assert.equal(await Promise.race([finished, soon]), 'waits');
    two.emit('close');
    assert.equal(await finished, 0);
  });

  it('waits no longer than it was told, and says how many are left', async () => {
    const clock = new FakeClock();
    const requests = new RunningRequests(clock);
    requests.note('/slow', response());
    const finished = requests.finished(10_000);
    await clock.advance(10_000);
    assert.equal(await finished, 1);
    assert.equal(clock.pending, 0);
  });

  it('does not wait for watches and followed logs, which would last for ever', async () => {
    const requests = new RunningRequests(new FakeClock());
    for (const query of ['watch=true', 'limit=1&watch=1', 'follow=true', 'watch=True'])
      requests.note(`/api/v1/pods?${query}`, response());
    assert.equal(await requests.finished(10_000), 0);
    requests.note('/api/v1/pods?watch=false', response());
    assert.equal(await Promise.race([requests.finished(10_000), 'waits']), 'waits');
  });
});
