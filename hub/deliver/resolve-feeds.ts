import { type Feed, feedKey, formatFeed } from '../../api/apps/feed.ts';
import type { Manifest } from '../../api/apps/manifest.ts';
import { contradictions } from './manifest-identity.ts';

/** Why a feed cannot be delivered; reasons of condition FeedsFound. */
export const feedProblems = [
  'ManifestMissing',
  'ManifestContradictory',
  'ManifestAmbiguous',
  'HelmChartMissing',
  'FeedUnsupported',
] as const;
export type FeedProblem = (typeof feedProblems)[number];

export type FeedResolution =
  | {
      readonly found: true;
      /** What is delivered, by feed key in the order of the feeds. */
      readonly manifests: ReadonlyMap<string, Manifest>;
      readonly charts: readonly Feed[];
    }
  | { readonly found: false; readonly reason: FeedProblem; readonly message: string };

export interface FeedFacts {
  readonly manifestsOf: (feedKey: string) => readonly Manifest[];
  readonly reservedNamespace: string;
  /** Whether there is this HelmChart; absent where charts are refused. */
  readonly hasChart?: (chart: Feed) => boolean;
}

interface Refused {
  readonly reason: FeedProblem;
  readonly sentence: string;
}

/**
 * Finds what every feed names. All or nothing: an application is not delivered in part, and what is deployed stays until all is found
 * again.
 */
export function resolveFeeds(feeds: readonly Feed[], facts: FeedFacts): FeedResolution {
  const manifests = new Map<string, Manifest>();
  const charts: Feed[] = [];
  const refused: Refused[] = [];
  const distinct = new Map(feeds.map(feed => [feedKey(feed), feed]));
  for (const [key, feed] of distinct) {
    const found = isHelmChart(feed) ? resolveChart(feed, facts) : resolveManifest(feed, facts);
    if ('reason' in found) refused.push(found);
    else if ('template' in found) manifests.set(key, found);
    else charts.push(found);
  }
  const [first] = refused;
  if (first !== undefined) {
    return { found: false, reason: first.reason, message: summary(refused) };
  }
  return { found: true, manifests, charts };
}

function isHelmChart({ apiVersion, kind }: Feed): boolean {
  return kind === 'HelmChart' && apiVersion.startsWith('apps.clusternet.io/');
}

function resolveChart(feed: Feed, { hasChart }: FeedFacts): Feed | Refused {
  const name = formatFeed(feed);
  if (hasChart === undefined) {
    return { reason: 'FeedUnsupported', sentence: `${name}: this release delivers no Helm charts` };
  }
  if (hasChart(feed)) return feed;
  return { reason: 'HelmChartMissing', sentence: `${name}: there is no such HelmChart` };
}

function resolveManifest(
  feed: Feed,
  { manifestsOf, reservedNamespace }: FeedFacts,
): Manifest | Refused {
  const name = formatFeed(feed);
  const candidates = manifestsOf(feedKey(feed));
  const living = candidates.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const [manifest, ...more] = living;
  if (manifest === undefined) {
    const sentence = `${name}: namespace ${reservedNamespace} has no Manifest whose template is that (${feed.apiVersion})`;
    return { reason: 'ManifestMissing', sentence };
  }
  if (more.length > 0) {
    const names = living.map(({ metadata }) => metadata.name).sort();
    const sentence = `${name}: Manifests ${names.join(' and ')} both hold it; delete all but one`;
    return { reason: 'ManifestAmbiguous', sentence };
  }
  const [wrong] = contradictions(manifest);
  if (wrong !== undefined) {
    const sentence = `${name}: Manifest ${manifest.metadata.name}: ${wrong}`;
    return { reason: 'ManifestContradictory', sentence };
  }
  return manifest;
}

function summary(refused: readonly Refused[]): string {
  const shown = refused.slice(0, 5).map(({ sentence }) => sentence);
  const more = refused.length > shown.length ? [`and ${refused.length - shown.length} more`] : [];
  return `${[...shown, ...more].join('; ')}. What is deployed stays as it is.`;
}
