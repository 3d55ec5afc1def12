import type { Feed } from '../../api/apps/feed.ts';
import type { KubeObject } from '../../api/kube-object.ts';

/** `group/kind/namespace/name`: the same object under whichever version it is written. */
export type ObjectId = string;

export function objectIdOf({ apiVersion, kind, metadata }: KubeObject): ObjectId {
  return idOf({
    group: groupOf(apiVersion),
    kind,
    namespace: metadata.namespace,
    name: metadata.name ?? '',
  });
}

export function idOf(parts: {
  readonly group: string;
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name: string;
}): ObjectId {
  return [parts.group, parts.kind, parts.namespace ?? '', parts.name].join('/');
}

export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

export function versionOf(apiVersion: string): string {
  return apiVersion.slice(apiVersion.indexOf('/') + 1);
}

export function feedOf({ apiVersion, kind, metadata }: KubeObject): Feed {
  const { namespace, name = '' } = metadata;
  return { apiVersion, kind, ...(namespace ? { namespace } : {}), name };
}
