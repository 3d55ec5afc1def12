import { feedKey } from '../../api/apps/feed.ts';
import type { FeedInventory } from '../../api/apps/feed-inventory.ts';
import type { Manifest } from '../../api/apps/manifest.ts';
import type { Subscription } from '../../api/apps/subscription.ts';
import type { DynamicObject } from '../../api/kube-object.ts';
import { isLabelValue } from '../../api/label-syntax.ts';
import { creators, labels } from '../../api/well-known.ts';
import type { Interpretation, Misfit, Verdict } from '../../interpret/interpretation.ts';
import { type FeedFacts, resolveFeeds } from '../deliver/resolve-feeds.ts';

/** Reasons of condition FeedsInterpreted. */
export const interpretedReasons = ['FeedsInterpreted', 'FieldInvalid'] as const;

export type InventoryPlan =
  | { readonly inventory: FeedInventory }
  /** Not every feed is there: the last inventory stays, and with it the placement. */
  | { readonly missing: string }
  /** A feed is not what its kind says: the same. */
  | { readonly invalid: string };

type InventoryFeed = FeedInventory['spec']['feeds'][number];

/** What the FeedInventory of a Subscription must be: its feeds in their order, with what the template of each asks for. */
export function planInventory(
  subscription: Subscription,
  facts: Required<FeedFacts>,
  interpret: (object: DynamicObject) => Verdict,
): InventoryPlan {
  const resolution = resolveFeeds(subscription.spec.feeds, facts);
  if (!resolution.found) return { missing: resolution.message };
  const wrong: string[] = [];
  const needs = new Map<string, Partial<InventoryFeed>>();
  for (const [key, manifest] of resolution.manifests) {
    const verdict = interpret(manifest.template);
    if ('misfit' in verdict) wrong.push(sentence(manifest, verdict.misfit));
    else needs.set(key, needOf(verdict.interpretation));
  }
  if (wrong.length > 0) return { invalid: `${wrong.slice(0, 5).join('; ')}.` };
  const feeds = subscription.spec.feeds.map(feed => ({ ...feed, ...needs.get(feedKey(feed)) }));
  return { inventory: inventoryFor(subscription, feeds) };
}

function sentence({ metadata, template }: Manifest, { field, problem }: Misfit): string {
  return `Manifest ${metadata.name}: ${field} of its ${template.kind}: ${problem}`;
}

function needOf({ replicas, replicaJsonPath, requirements }: Interpretation) {
  return {
    ...(replicas !== undefined && { desiredReplicas: replicas }),
    ...(replicaJsonPath !== undefined && { replicaJsonPath }),
    ...(requirements !== undefined && { replicaRequirements: requirements }),
  };
}

function inventoryFor(
  { apiVersion, kind, metadata }: Subscription,
  feeds: readonly InventoryFeed[],
): FeedInventory {
  const { namespace = '', name = '', uid = '' } = metadata;
  return {
    apiVersion: 'apps.clusternet.io/v1alpha1',
    kind: 'FeedInventory',
    metadata: {
      namespace,
      name,
      labels: {
        [labels.createdBy]: creators.hub,
        ...(isLabelValue(name) && { [labels.subscriptionName]: name }),
        [labels.subscriptionNamespace]: namespace,
        [labels.subscriptionUid]: uid,
      },
      ownerReferences: [{ apiVersion, kind, name, uid, controller: true }],
    },
    spec: { feeds },
  };
}
