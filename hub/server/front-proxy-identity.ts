import type { AuthenticatedUser } from './authenticated-request.ts';
import type { FrontProxyConfig } from './front-proxy-config.ts';
import { headerValues, type RawHeaders } from './header-values.ts';

/** Whether a certificate that verifies against the requestheader CA may also speak for users, by its common name. */
export function mayVouch(commonName: string | undefined, config: FrontProxyConfig): boolean {
  return (
    config.allowedNames.length === 0 ||
    (commonName !== undefined && config.allowedNames.includes(commonName))
  );
}

/** The user named in the front proxy's headers; undefined when it names none. Call only after mayVouch said yes. */
export function userFromHeaders(
  headers: RawHeaders,
  config: FrontProxyConfig,
): AuthenticatedUser | undefined {
  const first = (names: readonly string[]): string | undefined =>
    names.flatMap(name => headerValues(headers, name)).find(value => value !== '');
  const name = first(config.usernameHeaders);
  if (name === undefined) return undefined;
  const uid = first(config.uidHeaders);
  return {
    name,
    ...(uid === undefined ? {} : { uid }),
    groups: config.groupHeaders.flatMap(header => headerValues(headers, header)),
    extra: extraOf(headers, config.extraHeaderPrefixes),
  };
}

/** The test whether a header (its name in lower case) is one in which the front proxy names the user. */
export function identityHeaders(config: FrontProxyConfig | undefined): (name: string) => boolean {
  if (config === undefined) return () => false;
  const { usernameHeaders, uidHeaders, groupHeaders } = config;
  const names = new Set(lowerCase([...usernameHeaders, ...uidHeaders, ...groupHeaders]));
  const prefixes = lowerCase(config.extraHeaderPrefixes);
  return name => names.has(name) || prefixes.some(prefix => name.startsWith(prefix));
}

function extraOf(headers: RawHeaders, prefixesAsSent: readonly string[]): Record<string, string[]> {
  const prefixes = lowerCase(prefixesAsSent);
  const extra: Record<string, string[]> = Object.create(null);
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i]?.toLowerCase() ?? '';
    const prefix = prefixes.find(p => name.startsWith(p));
    if (prefix === undefined) continue;
    const key = decodeKey(name.slice(prefix.length));
    extra[key] = [...(extra[key] ?? []), headers[i + 1] ?? ''];
  }
  return { ...extra };
}

function lowerCase(names: readonly string[]): string[] {
  return names.map(name => name.toLowerCase());
}

/** Keys travel percent-encoded; one that does not decode is kept as sent. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key).toLowerCase();
  } catch {
    return key;
  }
}
