import type { RequestHandler } from '../../tunnel/agent-end.ts';
import { endToEndHeaders } from '../../tunnel/end-to-end-headers.ts';
import type { ChildConnections } from './child-connections.ts';
import { serveRequest } from './serve-request.ts';
import { serveUpgrade } from './serve-upgrade.ts';

/** What goes to the child, with where it goes. */
export interface ChildRequest {
  readonly path: string;
  /** End-to-end headers, the child's Host among them. */
  readonly headers: string[];
}

/** Answers the hub's requests with target `child` from the child's API server. */
export function childHandler(child: ChildConnections): RequestHandler {
  const host = new URL(child.origin).host;
  return request => {
    const { path, headers, upgrade } = request.head;
    const childRequest = {
      path: child.basePath + path,
      headers: ['Host', host, ...endToEndHeaders(headers, name => name === 'host')],
    };
    return upgrade === undefined
      ? serveRequest(child, childRequest, request)
      : serveUpgrade(child, childRequest, request);
  };
}
