import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import { StatusError } from './status-error.ts';

/** Refuses every method but one (HEAD passes for GET). */
export function requireMethod(
  incoming: IncomingMessage | Http2ServerRequest,
  method: string,
  what: string,
): void {
  const sent = incoming.method ?? '';
  if (sent === method || (method === 'GET' && sent === 'HEAD')) return;
  throw new StatusError(405, `Method ${sent} is not allowed on ${what}; it takes ${method}.`);
}
