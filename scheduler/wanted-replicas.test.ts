import assert from 'node:assert/strict';
import { inventoryOf, subscription } from '../test/scheduling-objects.ts';
import { wantedReplicas } from './wanted-replicas.ts';

const feeds = ['web', 'db', 'config'].map(name => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  namespace: 'qux',
  name,
}));
const sub = subscription({ feeds });
const inventory = inventoryOf(sub, 3, 0);

function messageOf(changed: typeof inventory | undefined): string {
  const result = wantedReplicas(sub, changed);
  return 'refusal' in result ? `${result.refusal.reason}: ${result.refusal.message}` : 'none';
}

function withFeeds(changed: (typeof inventory)['spec']['feeds']): typeof inventory {
  return { ...inventory, spec: { feeds: changed } };
}

describe('wantedReplicas', () => {
  it('is what the inventory says of each feed that has replicas', () => {
    assert.deepEqual(wantedReplicas(sub, inventory), {
      replicas: { 'apps/v1/Deployment/qux/web': 3, 'apps/v1/Deployment/qux/db': 0 },
    });
  });

  it('refuses an inventory that is not there or of other feeds, naming the first that differs', () => {
    const [web, db, config] = inventory.spec.feeds;
    assert.ok(web && db && config);
    assert.match(
      messageOf(undefined),
      /^FeedInventoryMissing: there is no FeedInventory default\/app/,
    );
    assert.match(
      messageOf(withFeeds([web, config, db])),
      /^FeedInventoryMissing: .* spec\.feeds\[1\] is Deployment qux\/config, not Deployment qux\/db/,
    );
    assert.match(
      messageOf(withFeeds([web])),
      /spec\.feeds\[1\] is nothing, not Deployment qux\/db/,
    );
    assert.match(
      messageOf(withFeeds([web, db, config, web])),
      /spec\.feeds\[3\] is Deployment qux\/web, not nothing/,
    );
  });

  for (const desiredReplicas of [-1, 2 ** 31, 1.5, Number.NaN]) {
    it(`refuses ${desiredReplicas} replicas, naming the field and what is allowed`, () => {
      const changed = inventory.spec.feeds.with(1, { ...feeds[1], desiredReplicas } as never);
      assert.match(
        messageOf(withFeeds(changed)),
        /^FeedInventoryInvalid: FeedInventory default\/app spec\.feeds\[1\]\.desiredReplicas: .* 0 to 2147483647: mend spec\.replicas of Deployment qux\/db/,
      );
    });
  }
});
