import { type Base, bases } from '../../api/apps/base.ts';
import { type Description, descriptions } from '../../api/apps/description.ts';
import { type Feed, feedKey } from '../../api/apps/feed.ts';
import { type FeedInventory, feedInventories } from '../../api/apps/feed-inventory.ts';
import { type HelmChart, helmCharts } from '../../api/apps/helm-chart.ts';
import { type Manifest, manifests } from '../../api/apps/manifest.ts';
import { type Subscription, subscriptions } from '../../api/apps/subscription.ts';
import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import type { KubeObject } from '../../api/kube-object.ts';
import { labels } from '../../api/well-known.ts';
import { kindOf } from '../../interpret/resolve-interpreters.ts';
import { builtin } from '../../kube/builtin.ts';
import type { Namespace } from '../../kube/builtin-kinds.ts';
import type { Cache } from '../../reconcile/cache.ts';
import type { Informer } from '../../reconcile/informer.ts';
import { keyOf } from '../../reconcile/key.ts';
import { managedClustersById } from '../managed-clusters-by-id.ts';
import { withRawDigest } from './delivered-objects.ts';
import { identityOf } from './manifest-identity.ts';

/** What delivery reads, with the indexes it looks things up by. */
export interface DeliveryCaches {
  readonly subscriptions: Informer<Subscription>;
  readonly manifests: Informer<Manifest>;
  readonly charts: Informer<HelmChart>;
  readonly inventories: Informer<FeedInventory>;
  readonly bases: Informer<Base>;
  readonly descriptions: Informer<Description>;
  readonly clusters: Informer<ManagedCluster>;
  readonly namespaces: Informer<Namespace>;
}

const byFeed = 'feed';
const byFeedKind = 'feed-kind';
const bySubscription = 'subscription';
const byUid = 'uid';
const byBinding = 'binding';

export function deliveryCaches(cache: Cache, reservedNamespace: string): DeliveryCaches {
  const caches: DeliveryCaches = {
    subscriptions: cache.informer(subscriptions),
    manifests: cache.informer(manifests, { namespace: reservedNamespace }),
    charts: cache.informer(helmCharts),
    inventories: cache.informer(feedInventories),
    bases: cache.informer(bases),
    descriptions: cache.informer(descriptions, { transform: withRawDigest }),
    clusters: managedClustersById(cache),
    namespaces: cache.informer(builtin.namespaces),
  };
  caches.subscriptions.addIndex(byFeed, ({ spec }) => [...new Set(spec.feeds.map(feedKey))]);
  caches.subscriptions.addIndex(byFeedKind, ({ spec }) => [...new Set(spec.feeds.map(kindOf))]);
  caches.subscriptions.addIndex(byUid, ({ metadata: { uid } }) => (uid === undefined ? [] : [uid]));
  caches.subscriptions.addIndex(byBinding, ({ status }) => status?.bindingClusters ?? []);
  caches.manifests.addIndex(byFeed, manifest => {
    const identity = identityOf(manifest);
    return identity === undefined ? [] : [feedKey(identity)];
  });
  for (const informer of [caches.bases, caches.descriptions]) {
    (informer as Informer<KubeObject>).addIndex(bySubscription, object => {
      const uid = object.metadata.labels?.[labels.subscriptionUid];
      return uid === undefined ? [] : [uid];
    });
  }
  return caches;
}

/** The Manifests whose template is this feed; normally one. */
export function manifestsOf({ manifests: informer }: DeliveryCaches, key: string) {
  return informer.byIndex(byFeed, key);
}

/** What was made from a Subscription, in all clusters. */
export function madeFrom(caches: DeliveryCaches, { metadata: { uid = '' } }: Subscription) {
  return {
    bases: caches.bases.byIndex(bySubscription, uid),
    descriptions: caches.descriptions.byIndex(bySubscription, uid),
  };
}

/** Keys of the Subscriptions that deliver what a Manifest holds. */
export function subscribersOf(caches: DeliveryCaches, manifest: Manifest): string[] {
  const identity = identityOf(manifest);
  return identity === undefined ? [] : subscribersOfFeed(caches, identity);
}

/** Keys of the Subscriptions that name a chart. */
export function subscribersOfChart(caches: DeliveryCaches, chart: HelmChart): string[] {
  const { apiVersion, kind, metadata } = chart;
  const { namespace = '', name = '' } = metadata;
  return subscribersOfFeed(caches, { apiVersion, kind, namespace, name });
}

/** Keys of the Subscriptions that deliver objects of a kind, `apiVersion/kind`. */
export function subscribersOfKind(caches: DeliveryCaches, kind: string): string[] {
  return caches.subscriptions.byIndex(byFeedKind, kind).map(keyOf);
}

function subscribersOfFeed({ subscriptions: informer }: DeliveryCaches, feed: Feed): string[] {
  return informer.byIndex(byFeed, feedKey(feed)).map(keyOf);
}

/** Whether the chart a feed names exists and stays. */
export function hasChart({ charts }: DeliveryCaches, { namespace = '', name }: Feed): boolean {
  const chart = charts.get({ namespace, name });
  return chart !== undefined && chart.metadata.deletionTimestamp === undefined;
}

/** Key of the Subscription that a Base or a Description was made from, while it exists. */
export function originOf(caches: DeliveryCaches, { metadata }: KubeObject): string[] {
  const uid = metadata.labels?.[labels.subscriptionUid];
  return uid === undefined ? [] : caches.subscriptions.byIndex(byUid, uid).map(keyOf);
}

/** Keys of the Subscriptions that are bound to a cluster. */
export function boundTo(caches: DeliveryCaches, cluster: ManagedCluster): string[] {
  return caches.subscriptions.byIndex(byBinding, keyOf(cluster)).map(keyOf);
}

/** Whether a namespace stands for a cluster. */
export function isDedicated({ namespaces }: DeliveryCaches, name: string | undefined): boolean {
  return namespaces.get({ name: name ?? '' })?.metadata.labels?.[labels.clusterId] !== undefined;
}
