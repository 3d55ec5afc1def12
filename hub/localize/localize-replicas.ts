import { feedKey, formatFeed } from '../../api/apps/feed.ts';
import type { FeedInventory } from '../../api/apps/feed-inventory.ts';
import type { Subscription } from '../../api/apps/subscription.ts';
import { applyJsonPatch } from '../../kube/patch/json-patch.ts';

/** Why replicas cannot be written into what is rendered; reasons of condition Rendered. */
export const localizationProblems = [
  'BadSchedulingResult',
  'FeedInventoryMissing',
  'ReplicaPathInvalid',
] as const;

export interface LocalizationRefusal {
  readonly reason: (typeof localizationProblems)[number];
  readonly message: string;
}

/** What each bound cluster, by its key in status.bindingClusters, is given. */
export type Localized =
  | { readonly rawFor: (clusterKey: string) => readonly string[] }
  | LocalizationRefusal;

type InventoryFeed = FeedInventory['spec']['feeds'][number];

/**
 * Writes each cluster's share of the replicas into the rendered objects (JSON in base64, by feed key): `add <replicaJsonPath> = N`
 * with N of status.replicas, which is in the order of status.bindingClusters. It is the last change of all, as upstream's
 * Localization of priority 1000 is.
 */
export function localizeReplicas(
  subscription: Subscription,
  inventory: FeedInventory | undefined,
  rendered: ReadonlyMap<string, string>,
): Localized {
  const { bindingClusters = [], replicas = {} } = subscription.status ?? {};
  const needs = new Map(inventory?.spec.feeds.map(feed => [feedKey(feed), feed]));
  const shares: (readonly string[] | string)[] = [];
  for (const [key, raw] of rendered) {
    const need = needs.get(key);
    if (need === undefined) return notInInventory(subscription, key);
    const divided = replicas[key] ?? [];
    if (need.desiredReplicas === undefined) {
      // What was divided until now is given to nobody whole before the scheduler has seen that it has no replicas.
      if (divided.length > 0) return misaligned(key, divided.length, 'a feed without replicas');
      shares.push(raw);
      continue;
    }
    if (divided.length !== bindingClusters.length) {
      return misaligned(key, divided.length, `${bindingClusters.length} bound clusters`);
    }
    const written = writeReplicas(raw, need, divided);
    if ('reason' in written) return written;
    shares.push(written);
  }
  const positions = new Map(bindingClusters.map((cluster, index) => [cluster, index]));
  return {
    rawFor: cluster => {
      const index = positions.get(cluster);
      if (index === undefined) throw new Error(`${cluster} is not in status.bindingClusters`);
      return shares.map(share => (typeof share === 'string' ? share : (share[index] ?? '')));
    },
  };
}

/** The object with each number of replicas, by position; equal numbers share one text. */
function writeReplicas(
  raw: string,
  need: InventoryFeed,
  divided: readonly number[],
): readonly string[] | LocalizationRefusal {
  const path = need.replicaJsonPath ?? '';
  const refusal = (problem: string): LocalizationRefusal => ({
    reason: 'ReplicaPathInvalid',
    message: `FeedInventory: replicaJsonPath ${JSON.stringify(path)} of ${formatFeed(need)}: ${problem}`,
  });
  if (!/^\/(?!(apiVersion|kind|metadata|status)(\/|$))./.test(path)) {
    return refusal('it must be a JSON pointer to a field outside metadata and status');
  }
  const object: unknown = JSON.parse(Buffer.from(raw, 'base64').toString());
  const byCount = new Map<number, string>();
  try {
    for (const count of new Set(divided)) {
      const patched = applyJsonPatch(object, [{ op: 'add', path, value: count }]);
      byCount.set(count, Buffer.from(JSON.stringify(patched)).toString('base64'));
    }
  } catch (error) {
    return refusal(error instanceof Error ? error.message : String(error));
  }
  return divided.map(count => byCount.get(count) ?? raw);
}

function notInInventory({ metadata }: Subscription, key: string): LocalizationRefusal {
  const message = `FeedInventory ${metadata.namespace}/${metadata.name} does not say what ${key} needs. What is deployed stays as it is.`;
  return { reason: 'FeedInventoryMissing', message };
}

function misaligned(key: string, numbers: number, whom: string): LocalizationRefusal {
  const message =
    `status.replicas[${JSON.stringify(key)}] has ${numbers} numbers for ${whom}. ` +
    'What is deployed stays as it is until it is scheduled again.';
  return { reason: 'BadSchedulingResult', message };
}
