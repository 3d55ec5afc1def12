import type { RequestHandler } from '../../tunnel/agent-end.ts';
import { StreamResetError } from '../../tunnel/tunnel-error.ts';

/** Hands each request to whom its target names, and refuses targets that nobody serves. */
export function serveTarget(handlers: Readonly<Record<string, RequestHandler>>): RequestHandler {
  return request => {
    const { target } = request.head;
    const handler = Object.hasOwn(handlers, target) ? handlers[target] : undefined;
    if (handler === undefined) {
      throw new StreamResetError('refused', `target ${target} is not served by this agent`);
    }
    return handler(request);
  };
}
