/** Where in the child a request goes, or why it goes nowhere. */
export type ProxyTarget =
  | { readonly kind: 'child'; readonly path: string }
  | { readonly kind: 'refused'; readonly code: 400 | 501; readonly message: string };

/**
 * Reads what follows `sockets/<id>/proxy` in the URL. The path towards the child's API server is
 * what follows `/direct`, byte for byte; only an empty one becomes `/`.
 */
export function proxyTarget(rest: string): ProxyTarget {
  const [, scheme = '', after = ''] = /^\/?([^/?]*)(.*)$/s.exec(rest) ?? [];
  if (scheme === 'direct') {
    return { kind: 'child', path: after.startsWith('/') ? after : `/${after}` };
  }
  if (scheme === 'http' || scheme === 'https') {
    return {
      kind: 'refused',
      code: 501,
      message: `Targets other than the child's API server (proxy/${scheme}/<host>) are not served yet; use proxy/direct.`,
    };
  }
  const message =
    scheme === ''
      ? 'The path after proxy/ is empty; it must begin with direct.'
      : `The path after proxy/ begins with "${scheme.slice(0, 40)}"; it must begin with direct.`;
  return { kind: 'refused', code: 400, message };
}
