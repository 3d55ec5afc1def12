import assert from 'node:assert/strict';
import { readOptions } from './options.ts';

describe('flags of the hub', () => {
  it('switch the gate FeedInventory, which is on', () => {
    assert.equal(readOptions([], {}).feedInventory, true);
    assert.equal(readOptions(['--feature-gates=FeedInventory=false'], {}).feedInventory, false);
  });

  it('name a gate that is not there, and how one is written', () => {
    const read = (gates: string) => () => readOptions([`--feature-gates=${gates}`], {});
    assert.throws(
      read('Deployer=true'),
      /There is no gate "Deployer" here; there is FeedInventory/,
    );
    assert.throws(read('FeedInventory'), /"FeedInventory" is not a gate: write Name=true/);
  });
});
