import { pairsOf } from '../../tunnel/end-to-end-headers.ts';
import type { ResponseHead } from '../../tunnel/heads.ts';
import { StatusError } from '../server/status-error.ts';

const redirects = new Set([301, 302, 303, 307, 308]);

/** A redirect would lead the client out of the child, and the parent's API server refuses to pass one on: say where it pointed instead. */
export function redirectRefusal({ status, headers }: ResponseHead): StatusError | undefined {
  if (!redirects.has(status)) return undefined;
  const location = [...pairsOf(headers)].find(([name]) => name.toLowerCase() === 'location')?.[1];
  if (location === undefined) return undefined;
  return new StatusError(
    502,
    `The child answered with a redirect (${status}) to ${location}; redirects are not passed on. Ask for that path itself.`,
  );
}
