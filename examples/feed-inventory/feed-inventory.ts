import { isDeepStrictEqual, parseArgs } from 'node:util';
import { type Feed, feedKey } from '../../api/apps/feed.ts';
import { feedInventories } from '../../api/apps/feed-inventory.ts';
import { manifests } from '../../api/apps/manifest.ts';
import { type Subscription, subscriptions } from '../../api/apps/subscription.ts';
import type { DynamicObject } from '../../api/kube-object.ts';
import { labels, namespaces } from '../../api/well-known.ts';
import type { Interpretation } from '../../interpret/interpretation.ts';
import { type Controller, runController } from '../../reconcile/controller.ts';
import { keyOf, splitKey } from '../../reconcile/key.ts';
import { runProcess } from '../../reconcile/run-process.ts';
import type { Runtime } from '../../reconcile/runtime.ts';
import { watchObjects } from '../../reconcile/source.ts';

/** What such a controller has to know of a kind, from the whole object; an error for an object that is not understood. */
export type Parse = (template: DynamicObject) => Interpretation;

/** The kinds this one knows, by `apiVersion/kind`; objects of others have no replicas. */
const parsers: Readonly<Record<string, Parse>> = {
  'example.com/v1/Farm': ({ spec }) => {
    const { barns, cowsPerBarn = 1 } = spec as { barns: number; cowsPerBarn?: number };
    if (!Number.isInteger(barns)) throw new Error('spec.barns must be a whole number');
    const requests = { cpu: `${100 * cowsPerBarn}m` };
    return {
      replicas: barns,
      replicaJsonPath: '/spec/barns',
      requirements: { resources: { requests } },
    };
  },
};

/**
 * Writes FeedInventories in the hub's place, which must run with `--feature-gates=FeedInventory=false`: for each Subscription with strategy
 * Dividing one of the same name, with its feeds in their order. While a feed is not there, or not understood, the last one stays.
 */
export function externalInventoryController(
  { cache, client, events }: Pick<Runtime, 'cache' | 'client' | 'events'>,
  reservedNamespace: string = namespaces.reserved,
): Controller {
  const subscribed = cache.informer(subscriptions);
  const inventories = cache.informer(feedInventories);
  const stored = cache.informer(manifests, { namespace: reservedNamespace });
  const isDividing = ({ spec }: Subscription) => spec.schedulingStrategy === 'Dividing';

  function needOf(feed: Feed) {
    const [manifest] = stored.select({ matchLabels: identityLabels(feed) });
    if (manifest === undefined) throw new Error(`${feedKey(feed)} has no Manifest`);
    const parse: Parse = parsers[`${feed.apiVersion}/${feed.kind}`] ?? (() => ({}));
    const { replicas, requirements, replicaJsonPath } = parse(manifest.template);
    return {
      ...feed,
      ...(replicas !== undefined && { desiredReplicas: replicas }),
      ...(requirements && { replicaRequirements: requirements }),
      ...(replicaJsonPath && { replicaJsonPath }),
    };
  }

  return {
    name: 'external-feed-inventory',
    sources: [
      watchObjects(subscribed),
      watchObjects(inventories),
      // In a fleet with many Subscriptions an index says which ones have the feed.
      watchObjects(stored, { enqueue: () => subscribed.list().filter(isDividing).map(keyOf) }),
    ],
    async reconcile(key, signal) {
      const subscription = subscribed.get(splitKey(key));
      if (subscription === undefined || !isDividing(subscription)) return;
      const { apiVersion, kind, metadata } = subscription;
      const { namespace = '', name = '', uid = '' } = metadata;
      let feeds: ReturnType<typeof needOf>[];
      try {
        feeds = subscription.spec.feeds.map(needOf);
      } catch (error) {
        events.warning(subscription, 'UnParseableFeeds', (error as Error).message, 'Parse');
        return;
      }
      if (isDeepStrictEqual(inventories.get(splitKey(key))?.spec, { feeds })) return;
      const inventory = {
        apiVersion: 'apps.clusternet.io/v1alpha1',
        kind: 'FeedInventory',
        metadata: {
          namespace,
          name,
          labels: { [labels.subscriptionUid]: uid },
          ownerReferences: [{ apiVersion, kind, name, uid, controller: true }],
        },
        spec: { feeds },
      };
      const options = { fieldManager: 'external-feed-inventory', force: true };
      await client.apply(feedInventories, inventory, options, signal);
    },
  };
}

/** The labels every Manifest has that holds this object: the hub sees to them. */
function identityLabels({ apiVersion, kind, namespace = '', name }: Feed) {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  return {
    [labels.configGroup]: group,
    [labels.configVersion]: version,
    [labels.configKind]: kind,
    [labels.configNamespace]: namespace,
    [labels.configName]: name,
  };
}

if (import.meta.main) {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  process.exitCode = await runProcess(
    {
      component: 'external-feed-inventory',
      readOptions: args => {
        const { values } = parseArgs({ args, options: { kubeconfig: { type: 'string' } } });
        return { kubeconfig: values.kubeconfig, instance: `${process.pid}` };
      },
      run: (_, runtime, signal) => {
        const controller = externalInventoryController(runtime);
        runtime.cache.start(signal);
        return runController(controller, runtime, signal);
      },
    },
    process.argv.slice(2),
    stop.signal,
  );
}
