/** What the path of a Kubernetes request points at. */
export interface ApiTarget {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

/** Reads `/api/v1/…` and `/apis/<group>/<version>/…`; undefined for any other path. */
export function parseApiPath(path: string): ApiTarget | undefined {
  const parts = path.split('/').filter(Boolean).map(decodeURIComponent);
  const core = parts[0] === 'api';
  if (!core && parts[0] !== 'apis') return undefined;
  const [group = '', version = '', ...rest] = core ? ['', ...parts.slice(1)] : parts.slice(1);
  // `namespaces/x/status` is a subresource of the namespace; `namespaces/x/pods` a list inside it.
  const inside =
    rest[0] === 'namespaces' && rest.length > 2 && !/^(status|finalize)$/.test(rest[2] ?? '');
  const [plural, name, ...sub] = inside ? rest.slice(2) : rest;
  if (plural === undefined || version === '') return undefined;
  return {
    group,
    version,
    plural,
    ...(inside && { namespace: rest[1] ?? '' }),
    ...(name !== undefined && { name }),
    ...(sub.length > 0 && { subresource: sub.join('/') }),
  };
}
