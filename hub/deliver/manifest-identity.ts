import { type Feed, formatFeed } from '../../api/apps/feed.ts';
import type { Manifest } from '../../api/apps/manifest.ts';
import { isLabelValue } from '../../api/label-syntax.ts';
import { labels } from '../../api/well-known.ts';

/** What a Manifest's template is, as a feed would name it; undefined when it lacks apiVersion, kind or name. */
export function identityOf({ template }: Manifest): Feed | undefined {
  const { apiVersion, kind, metadata } = template;
  const { name, namespace } = metadata ?? {};
  if (!isText(apiVersion) || !isText(kind) || !isText(name)) return undefined;
  return { apiVersion, kind, name, ...(isText(namespace) ? { namespace } : {}) };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** The labels that repeat the identity, for people and for tools of upstream; a value no label can hold is left out. */
export function identityLabels(identity: Feed): Readonly<Record<string, string>> {
  const slash = identity.apiVersion.indexOf('/');
  const all = {
    [labels.configGroup]: slash < 0 ? '' : identity.apiVersion.slice(0, slash),
    [labels.configVersion]: identity.apiVersion.slice(slash + 1),
    [labels.configKind]: identity.kind,
    [labels.configName]: identity.name,
    [labels.configNamespace]: identity.namespace ?? '',
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => isLabelValue(value)));
}

/** One sentence per label that says something else than the template; such a Manifest is delivered nowhere. */
export function contradictions(manifest: Manifest): string[] {
  const identity = identityOf(manifest);
  if (identity === undefined) {
    return ['template must have apiVersion, kind and metadata.name'];
  }
  const present = manifest.metadata.labels ?? {};
  return Object.entries(identityLabels(identity)).flatMap(([key, value]) =>
    present[key] === undefined || present[key] === value
      ? []
      : [
          `label ${key} is ${JSON.stringify(present[key])}, but the template is ${formatFeed(identity)} ` +
            `(${identity.apiVersion}), so it must be ${JSON.stringify(value)} or absent`,
        ],
  );
}
