import { BlockList, isIP } from 'node:net';

/** A predictor's address that may be dialled: child clusters report addresses, and only an administrator allows them. */
export interface AllowedAddress {
  /** Plain HTTP only where this says `http`. Default: https. */
  readonly scheme?: 'https' | 'http';
  /** A DNS name, an IP address, or a range of addresses such as `10.1.0.0/16`. */
  readonly host: string;
  /** Default: 443, or 80 for plain HTTP. */
  readonly port?: number;
  /** PEM of the CAs to verify it by; default: those this machine trusts. */
  readonly caFile?: string;
  /** Holds the bearer token it is asked with; https only. */
  readonly tokenFile?: string;
}

interface Subnet {
  readonly network: string;
  readonly prefix: number;
}

/**
 * Addresses that mean the machine itself, its neighbours on the link, or nobody in particular. They are dialled only
 * by an entry that lies wholly inside one of these ranges, never by a wider one and never by way of a DNS name.
 */
const special: readonly Subnet[] = [
  { network: '0.0.0.0', prefix: 8 },
  { network: '127.0.0.0', prefix: 8 },
  { network: '169.254.0.0', prefix: 16 },
  { network: '224.0.0.0', prefix: 3 },
  { network: '::', prefix: 128 },
  { network: '::1', prefix: 128 },
  { network: '64:ff9b::', prefix: 96 },
  { network: 'fe80::', prefix: 10 },
  { network: 'ff00::', prefix: 8 },
];

/** Whether nobody but an entry wholly inside a special range may dial the address. */
export function isSpecialAddress(address: string): boolean {
  return special.some(range => contains(range, address));
}

/** The entry that allows the URL; the first one, should there be several. */
export function allowedBy<Entry extends AllowedAddress>(
  entries: readonly Entry[],
  url: URL,
): Entry | undefined {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return entries.find(
    ({ scheme = 'https', port, host: allowed }) =>
      url.protocol === `${scheme}:` &&
      portOf(url) === (port ?? standardPort(scheme)) &&
      allowsHost(allowed, host),
  );
}

/** What is wrong with the host of an entry; undefined when it can be used. */
export function hostProblem(host: string): string | undefined {
  if (subnetOf(host) !== undefined) return undefined;
  if (host.includes('/')) return `"${host}" is no range of addresses such as 10.1.0.0/16`;
  if (/^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(host)) {
    return undefined;
  }
  return `"${host}" is no DNS name in lower case, IP address or range of addresses`;
}

function allowsHost(allowed: string, host: string): boolean {
  const subnet = subnetOf(allowed);
  if (isIP(host) === 0) return subnet === undefined && host === allowed;
  if (subnet === undefined || !contains(subnet, host)) return false;
  return special.every(range => !contains(range, host) || isInside(subnet, range));
}

/** A single address is a range of one. */
function subnetOf(text: string): Subnet | undefined {
  const [network = '', length, ...rest] = text.split('/');
  const family = isIP(network);
  if (family === 0 || rest.length > 0) return undefined;
  const widest = family === 4 ? 32 : 128;
  if (length === undefined) return { network, prefix: widest };
  const prefix = Number(length);
  return /^\d{1,3}$/.test(length) && prefix <= widest ? { network, prefix } : undefined;
}

/** An IPv4 address in IPv6's clothes is in the ranges of IPv4. */
function contains({ network, prefix }: Subnet, address: string): boolean {
  const list = new BlockList();
  list.addSubnet(network, prefix, isIP(network) === 4 ? 'ipv4' : 'ipv6');
  return list.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
}

function isInside(inner: Subnet, outer: Subnet): boolean {
  const sameFamily = isIP(inner.network) === isIP(outer.network);
  return sameFamily && inner.prefix >= outer.prefix && contains(outer, inner.network);
}

function portOf({ port, protocol }: URL): number {
  return port === '' ? standardPort(protocol === 'http:' ? 'http' : 'https') : Number(port);
}

function standardPort(scheme: 'https' | 'http'): number {
  return scheme === 'https' ? 443 : 80;
}
