import { feedKey } from '../../api/apps/feed.ts';
import type { FeedInventory } from '../../api/apps/feed-inventory.ts';
import type { Manifest } from '../../api/apps/manifest.ts';
import type { Subscription } from '../../api/apps/subscription.ts';
import type { DynamicObject } from '../../api/kube-object.ts';
import { isLabelValue } from '../../api/label-syntax.ts';
import { creators, labels } from '../../api/well-known.ts';
import {
  type Interpretation,
  type Misfit,
  misfitReasons,
  type Verdict,
} from '../../interpret/interpretation.ts';
import { type FeedFacts, resolveFeeds } from '../deliver/resolve-feeds.ts';

/** Reasons of condition FeedsInterpreted. */
export const interpretedReasons = ['FeedsInterpreted', ...misfitReasons] as const;

export type InventoryPlan =
  /** Every cluster gets the same, so nobody asks. */
  | { readonly undivided: true }
  | { readonly inventory: FeedInventory }
  /** Not every feed is there: the last inventory stays, and with it the placement. */
  | { readonly missing: string }
  /** It is not known what a feed asks for: the same. */
  | { readonly reason: Misfit['reason']; readonly invalid: string };

export interface InventoryFacts extends Required<FeedFacts> {
  /** What is divided by until now. */
  readonly last: FeedInventory | undefined;
}

type InventoryFeed = FeedInventory['spec']['feeds'][number];

/**
 * What the FeedInventory of a Subscription must be: its feeds in their order, with what the template of each asks for. A feed that was
 * divided does not become one that every cluster gets whole, only because nobody knows its kind any more: that would multiply it.
 */
export async function planInventory(
  subscription: Subscription,
  facts: InventoryFacts,
  interpret: (object: DynamicObject) => Promise<Verdict>,
): Promise<InventoryPlan> {
  if (subscription.spec.schedulingStrategy !== 'Dividing') return { undivided: true };
  const resolution = resolveFeeds(subscription.spec.feeds, facts);
  if (!resolution.found) return { missing: resolution.message };
  const wrong: Misfit[] = [];
  const needs = new Map<string, Partial<InventoryFeed>>();
  const before = new Map(facts.last?.spec.feeds.map(feed => [feedKey(feed), feed]));
  for (const [key, manifest] of resolution.manifests) {
    const verdict = await interpret(manifest.template);
    const misfit =
      'misfit' in verdict ? verdict.misfit : lost(verdict.interpretation, before.get(key));
    if (misfit !== undefined) wrong.push(inManifest(manifest, misfit));
    else if ('interpretation' in verdict) needs.set(key, needOf(verdict.interpretation));
  }
  const [first] = wrong;
  if (first !== undefined) {
    const sentences = wrong.slice(0, 5).map(({ field, problem }) => `${field}: ${problem}`);
    return { reason: first.reason, invalid: `${sentences.join('; ')}.` };
  }
  const feeds = subscription.spec.feeds.map(feed => ({ ...feed, ...needs.get(feedKey(feed)) }));
  return { inventory: inventoryFor(subscription, feeds) };
}

function lost({ replicas }: Interpretation, before: InventoryFeed | undefined): Misfit | undefined {
  if (before?.desiredReplicas === undefined || replicas !== undefined) return undefined;
  const problem =
    'it was divided, and nobody says any more how many replicas there are; create the ResourceInterpreter of its kind again, or delete this FeedInventory for every cluster to get the whole object';
  return { reason: 'ReplicasUnknown', field: before.replicaJsonPath ?? '', problem };
}

function inManifest({ metadata, template }: Manifest, misfit: Misfit): Misfit {
  return { ...misfit, field: `Manifest ${metadata.name} (${template.kind}): ${misfit.field}` };
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
