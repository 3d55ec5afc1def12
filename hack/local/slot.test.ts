import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import fc from 'fast-check';
import { claimSlot, firstSlot, lastSlot, slotOf, slotPorts, slotsToTry } from './slot.ts';

const signal = AbortSignal.timeout(10_000);

describe('slotsToTry', () => {
  const claims = fc
    .array(fc.option(fc.record({ running: fc.boolean() }), { nil: undefined }))
    .map(all => new Map(all.map((claim, index) => [index, claim])));

  it("never takes a living owner's slot", () => {
    fc.assert(
      fc.property(claims, all => {
        for (const number of slotsToTry(all)) assert.notEqual(all.get(number)?.running, true);
      }),
    );
  });

  it('takes unclaimed slots before those of dead owners, each in order', () => {
    const dead = { running: false };
    const all = new Map([
      [64, dead],
      [65, undefined],
      [66, { running: true }],
      [67, undefined],
      [68, dead],
    ]);
    assert.deepEqual(slotsToTry(all), [65, 67, 64, 68]);
  });
});

describe('claimSlot', () => {
  it('gives every claim a slot of its own, even at once', async () => {
    const slots = await Promise.all(
      Array.from({ length: 5 }, () => claimSlot({ owner: 'slot test' }, signal)),
    );
    try {
      const numbers = slots.map(slot => slot.number);
      assert.equal(new Set(numbers).size, 5);
      for (const number of numbers) assert.ok(number >= firstSlot && number <= lastSlot);
    } finally {
      for (const slot of slots) slot.release();
    }
  });

  it('refuses a wanted slot that is claimed or in use, and says what to do', async () => {
    const slot = await claimSlot({ owner: 'slot test' }, signal);
    const again = () => claimSlot({ owner: 'slot test', wanted: slot.number }, signal);
    await assert.rejects(again(), /in use .*npm run down/);
    slot.release();

    const { host, port } = slotPorts.etcdClient;
    const server = createServer().listen({ host: slot.address(host), port });
    await new Promise(resolve => server.once('listening', resolve));
    try {
      await assert.rejects(again(), /in use/);
    } finally {
      await new Promise(resolve => server.close(resolve));
    }
    (await again()).release();
  });
});

describe('a slot', () => {
  it('holds all its servers in one /16 of the loopback network', () => {
    const slot = slotOf(99, () => {});
    assert.equal(slot.serviceRange, '127.99.0.0/16');
    assert.equal(slot.endpoint('apiServer'), '127.99.0.1:6443');
    assert.equal(slot.endpoint('kwok'), '127.99.0.4:10247');
  });
});
