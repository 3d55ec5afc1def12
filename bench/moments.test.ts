import assert from 'node:assert/strict';
import { Moments } from './moments.ts';

describe('Moments', () => {
  it('tells when a thing was first seen, whether it was awaited before or asked for after', async () => {
    const moments = new Moments();
    const [awaited, again] = [moments.when('a', 1000), moments.when('a', 1000)];
    const before = performance.now();
    moments.note('a');
    const seen = await awaited;
    assert.ok(seen >= before && seen <= performance.now());
    moments.note('a');
    assert.deepEqual(
      [await again, await moments.when('a', 0), moments.at('a')],
      [seen, seen, seen],
    );
  });

  it('names what was not seen in time', async () => {
    const moments = new Moments();
    moments.note('b');
    await assert.rejects(moments.when('a', 10), /^Error: a was not seen within 0\.01 s$/);
    assert.equal(moments.at('a'), undefined);
  });
});
