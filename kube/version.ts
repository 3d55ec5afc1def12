/** Replaced by the version of package.json when the bundle is built. */
declare const CLUSTERNET_VERSION: string | undefined;

/** The version of Clusternet; `0.0.0-dev` when run from its sources. */
export const version = typeof CLUSTERNET_VERSION === 'string' ? CLUSTERNET_VERSION : '0.0.0-dev';
