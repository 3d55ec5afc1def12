import { feedKey, formatFeed } from '../api/apps/feed.ts';
import type { FeedInventory } from '../api/apps/feed-inventory.ts';
import type { Subscription } from '../api/apps/subscription.ts';
import type { Refusal, Replicas } from './framework/plugin.ts';
import { refusal } from './refusal.ts';

/** The replicas wanted of each feed that has replicas, by feed key in the order of spec.feeds. */
export type Wanted = { readonly replicas: Replicas } | { readonly refusal: Refusal };

const most = 2 ** 31 - 1;

/** What a Subscription asks to be divided: its FeedInventory says so, and must speak of exactly its feeds, in order. */
export function wantedReplicas(
  { metadata, spec }: Subscription,
  inventory: FeedInventory | undefined,
): Wanted {
  const name = `FeedInventory ${metadata.namespace}/${metadata.name}`;
  const missing = (problem: string) => ({
    refusal: refusal(
      'FeedInventoryMissing',
      `${problem}: it is written when every feed has its Manifest; see condition FeedsFound`,
    ),
  });
  if (inventory === undefined) return missing(`there is no ${name}`);
  const { feeds } = inventory.spec;
  const other = spec.feeds.findIndex((feed, index) => {
    const found = feeds[index];
    return found === undefined || feedKey(found) !== feedKey(feed);
  });
  const first = other < 0 && feeds.length > spec.feeds.length ? spec.feeds.length : other;
  if (first >= 0) {
    const [wanted, found] = [spec.feeds[first], feeds[first]].map(feed =>
      feed ? formatFeed(feed) : 'nothing',
    );
    return missing(`${name} is of other feeds: spec.feeds[${first}] is ${found}, not ${wanted}`);
  }
  const wrong = feeds.findIndex(({ desiredReplicas = 0 }) => !isCount(desiredReplicas));
  if (wrong >= 0) {
    const message =
      `${name} spec.feeds[${wrong}].desiredReplicas: ${feeds[wrong]?.desiredReplicas} is not a number of ` +
      `replicas, which is 0 to ${most}: mend spec.replicas of ${formatFeed(feeds[wrong] ?? { apiVersion: '', kind: '', name: '' })}`;
    return { refusal: refusal('FeedInventoryInvalid', message) };
  }
  const replicas = feeds.flatMap(feed =>
    feed.desiredReplicas === undefined ? [] : [[feedKey(feed), feed.desiredReplicas] as const],
  );
  return { replicas: Object.fromEntries(replicas) };
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= most;
}
