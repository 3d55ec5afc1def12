import assert from 'node:assert/strict';
import { finished } from 'node:stream/promises';
import { eventually } from '../../test/eventually.ts';
import { FakeClock } from '../../test/fake-clock.ts';
import { connectTunnel, type TunnelPair } from '../../test/tunnel-pair.ts';
import type { TunnelRequest } from '../../tunnel/agent-end.ts';
import type { GoAway } from '../../tunnel/heads.ts';
import { TunnelRegistry } from './tunnel-registry.ts';

const head = { method: 'GET', path: '/', headers: [], target: 'child' };

describe('TunnelRegistry', () => {
  let clock: FakeClock;
  let registry: TunnelRegistry;
  let said: string[];
  let pairs: TunnelPair[];

  beforeEach(() => {
    clock = new FakeClock();
    said = [];
    pairs = [];
    registry = new TunnelRegistry(clock, {
      connected: id => said.push(`connected ${id}`),
      lost: id => said.push(`lost ${id}`),
      ended: (id, { kind }) => said.push(`ended ${id} ${kind}`),
    });
  });
  afterEach(() => Promise.all(pairs.map(pair => pair.close())));

  async function connect(onGoAway: (goAway: GoAway) => void = () => {}): Promise<TunnelPair> {
    const hold = ({ stream }: TunnelRequest) => finished(stream).catch(() => {});
    const pair = await connectTunnel(hold, { agent: { onGoAway } });
    pairs.push(pair);
    return pair;
  }

  it('says that a tunnel is lost 13 s after its last byte, and not before', async () => {
    const { hub, agent } = await connect();
    registry.add('a', hub);
    assert.equal(registry.find('a'), hub);
    agent.close('killed');
    await eventually(() => registry.size === 0);
    assert.equal(registry.find('a'), undefined);
    await clock.advance(12_000);
    assert.deepEqual(said, ['connected a', 'ended a peer']);
    await clock.advance(1_000);
    assert.deepEqual(said, ['connected a', 'ended a peer', 'lost a']);
  });

  it('says nothing of a loss when the agent is back in time', async () => {
    const first = await connect();
    registry.add('a', first.hub);
    first.dialed.terminate();
    await eventually(() => registry.size === 0);
    await clock.advance(5_000);
    const second = await connect();
    registry.add('a', second.hub);
    await clock.advance(60_000);
    assert.deepEqual(said, ['connected a', 'ended a broken', 'connected a']);
  });

  it('gives new requests to the newest tunnel, asks the older one away and closes it after 30 s', async () => {
    const went: GoAway[] = [];
    const older = await connect(goAway => went.push(goAway));
    const newer = await connect();
    registry.add('a', older.hub);
    const open = older.hub.request(head, {}, new AbortController().signal);
    open.catch(() => {});
    registry.add('a', newer.hub);
    assert.equal(registry.find('a'), newer.hub);
    await eventually(() => went.length === 1);
    assert.equal(went[0]?.reconnectWithinMs, 30_000);
    await clock.advance(29_000);
    assert.equal(older.hub.streams, 1, 'its requests go on');
    await clock.advance(1_000);
    await assert.rejects(open, { code: 'tunnel-closed' });
    await eventually(() => registry.size === 1);
    await clock.advance(20_000);
    assert.deepEqual(said, ['connected a', 'connected a', 'ended a local']);
  });

  it('gives no request to a tunnel whose agent is going away', async () => {
    const { hub, agent } = await connect();
    registry.add('a', hub);
    agent.goAway('restart');
    await eventually(() => registry.find('a') === undefined);
  });

  it('cuts at once, and says at once that the tunnel is lost', async () => {
    const { hub, agent } = await connect();
    registry.add('a', hub);
    registry.cut('a', 'revoked');
    registry.cut('other', 'revoked');
    assert.deepEqual(said, ['connected a', 'lost a']);
    assert.deepEqual(await agent.closed, { kind: 'peer', message: 'revoked' });
    await clock.advance(60_000);
    assert.deepEqual(said, ['connected a', 'lost a', 'ended a local']);
  });

  it('says nothing of losses when it closes, for the agents go to another process', async () => {
    const { hub } = await connect();
    registry.add('a', hub);
    registry.close('the hub stops');
    await eventually(() => registry.size === 0);
    await clock.advance(60_000);
    assert.deepEqual(said, ['connected a', 'ended a local']);
  });
});
