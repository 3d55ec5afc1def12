import { type Feed, feedKey, formatFeed } from '../../api/apps/feed.ts';
import type { Manifest } from '../../api/apps/manifest.ts';
import { contradictions } from './manifest-identity.ts';

/** Why a feed cannot be delivered; reasons of condition FeedsFound. */
export const feedProblems = [
  'ManifestMissing',
  'ManifestContradictory',
  'ManifestAmbiguous',
  'FeedUnsupported',
] as const;
export type FeedProblem = (typeof feedProblems)[number];

export type FeedResolution =
  | { readonly found: true; readonly manifests: readonly Manifest[] }
  | { readonly found: false; readonly reason: FeedProblem; readonly message: string };

interface Refused {
  readonly reason: FeedProblem;
  readonly sentence: string;
}

/**
 * Finds the Manifest of every feed, in the order of the feeds. All or nothing: an application is not delivered in part, and what is
 * deployed stays until all is found again.
 */
export function resolveFeeds(
  feeds: readonly Feed[],
  manifestsOf: (key: string) => readonly Manifest[],
  reservedNamespace: string,
): FeedResolution {
  const distinct = [...new Map(feeds.map(feed => [feedKey(feed), feed])).values()];
  const results = distinct.map(feed =>
    resolveFeed(feed, manifestsOf(feedKey(feed)), reservedNamespace),
  );
  const refused = results.filter(result => 'reason' in result);
  const [first] = refused;
  if (first !== undefined) {
    return { found: false, reason: first.reason, message: summary(refused) };
  }
  return { found: true, manifests: results.filter(result => 'template' in result) };
}

function resolveFeed(
  feed: Feed,
  candidates: readonly Manifest[],
  reservedNamespace: string,
): Manifest | Refused {
  const name = formatFeed(feed);
  if (feed.kind === 'HelmChart' && feed.apiVersion.startsWith('apps.clusternet.io/')) {
    return { reason: 'FeedUnsupported', sentence: `${name}: this release delivers no Helm charts` };
  }
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
