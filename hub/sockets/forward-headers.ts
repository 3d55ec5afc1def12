import { endToEndHeaders } from '../../tunnel/end-to-end-headers.ts';
import type { HeaderList } from '../../tunnel/heads.ts';

/** Says of a lower-case header name whether the parent speaks of the user in it. */
export type IsIdentityHeader = (name: string) => boolean;

/**
 * What of a client's request goes on to the child. Nothing that says who somebody is passes: the parent's credentials
 * are worth nothing in the child, and the child's come in `identity`.
 */
export function forwardRequestHeaders(
  headers: HeaderList,
  identity: HeaderList,
  isIdentityHeader: IsIdentityHeader,
): string[] {
  const kept = endToEndHeaders(headers, name => stopsHere(name) || isIdentityHeader(name));
  return [...kept, ...identity];
}

const stopped = new Set([
  'authorization',
  // Answered here: the client may send its body as far as the tunnel is concerned.
  'expect',
  // The agent sets the child's.
  'host',
]);

function stopsHere(name: string): boolean {
  return stopped.has(name) || name.startsWith('x-remote-') || name.startsWith('impersonate-');
}
