import type { HeaderList } from './heads.ts';

/** Headers that concern one connection only (RFC 9110, 7.6.1), and the older ones proxies still meet. */
const hopByHop = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * The headers a proxy passes on, in order with duplicates: without hop-by-hop headers, those that Connection names,
 * HTTP/2 pseudo headers, and what `drops` says (given lower-case names).
 */
export function endToEndHeaders(
  headers: HeaderList,
  drops: (name: string) => boolean = () => false,
): string[] {
  const named = namedByConnection(headers);
  const kept: string[] = [];
  for (const [name, value] of pairsOf(headers)) {
    const lower = name.toLowerCase();
    if (lower.startsWith(':') || hopByHop.has(lower) || named.has(lower) || drops(lower)) continue;
    kept.push(name, value);
  }
  return kept;
}

export function* pairsOf(headers: HeaderList): Generator<readonly [name: string, value: string]> {
  for (let index = 0; index + 1 < headers.length; index += 2) {
    yield [headers[index] ?? '', headers[index + 1] ?? ''];
  }
}

function namedByConnection(headers: HeaderList): Set<string> {
  const named = new Set<string>();
  for (const [name, value] of pairsOf(headers)) {
    if (name.toLowerCase() !== 'connection') continue;
    for (const token of value.split(',')) named.add(token.trim().toLowerCase());
  }
  return named;
}
