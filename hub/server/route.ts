/** The API the hub serves. */
export const socketsApi = { group: 'proxies.clusternet.io', version: 'v1alpha1' } as const;

const groupPath = `/apis/${socketsApi.group}`;
const versionPath = `${groupPath}/${socketsApi.version}`;

export type Subresource = 'attach' | 'credential' | 'predict' | 'proxy';

/** Where a request wants to go, by its URL alone. */
export type Route =
  | { readonly kind: 'health'; readonly check: 'healthz' | 'livez' | 'readyz' }
  | { readonly kind: 'version' }
  | { readonly kind: 'groups' | 'group' | 'resources' }
  | { readonly kind: 'openapi-index' | 'openapi-v3' | 'openapi-v2' }
  | { readonly kind: 'socket'; readonly clusterId: string }
  | {
      readonly kind: 'subresource';
      readonly clusterId: string;
      readonly subresource: Subresource;
      /** Everything after the subresource exactly as sent, query included. */
      readonly rest: string;
    }
  | { readonly kind: 'unknown' };

const fixed = new Map<string, Route>([
  ['/healthz', { kind: 'health', check: 'healthz' }],
  ['/livez', { kind: 'health', check: 'livez' }],
  ['/readyz', { kind: 'health', check: 'readyz' }],
  ['/version', { kind: 'version' }],
  ['/apis', { kind: 'groups' }],
  [groupPath, { kind: 'group' }],
  [versionPath, { kind: 'resources' }],
  ['/openapi/v3', { kind: 'openapi-index' }],
  [`/openapi/v3${versionPath}`, { kind: 'openapi-v3' }],
  ['/openapi/v2', { kind: 'openapi-v2' }],
]);

const socketPattern = new RegExp(
  `^${versionPath.replaceAll('.', '\\.')}/sockets/([^/?]+)(?:/(attach|credential|predict|proxy)(?=[/?]|$)(.*))?$`,
  's',
);

/** Finds the route of a raw request target (origin form); nothing of what goes to the child is decoded or normalised. */
export function routeOf(target: string): Route {
  const socket = socketPattern.exec(target);
  if (socket?.[1] !== undefined) return socketRoute(socket[1], socket[2], socket[3] ?? '');
  const path = target.split('?', 1)[0] ?? '';
  const plain = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  return fixed.get(plain) ?? bareSocket(path) ?? { kind: 'unknown' };
}

function socketRoute(clusterId: string, subresource: string | undefined, rest: string): Route {
  switch (subresource) {
    case undefined:
      return { kind: 'socket', clusterId };
    case 'attach':
    case 'credential':
    case 'predict':
    case 'proxy':
      return { kind: 'subresource', clusterId, subresource, rest };
    default:
      return { kind: 'unknown' };
  }
}

function bareSocket(path: string): Route | undefined {
  const clusterId = socketPattern.exec(path)?.[1];
  return clusterId === undefined ? undefined : { kind: 'socket', clusterId };
}
