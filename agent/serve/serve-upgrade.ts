import type { IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { Socket } from 'node:net';
import type { TunnelRequest } from '../../tunnel/agent-end.ts';
import { endToEndHeaders } from '../../tunnel/end-to-end-headers.ts';
import type { ChildConnections } from './child-connections.ts';
import type { ChildRequest } from './serve.ts';
import { unreachable } from './serve-request.ts';

/** Upgrades a connection of its own to the child, then joins the two byte streams; settles when both have ended. */
export function serveUpgrade(
  child: ChildConnections,
  { path, headers }: ChildRequest,
  request: TunnelRequest,
): Promise<void> {
  const { head, stream } = request;
  const { hostname, port } = new URL(child.origin);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const options: RequestOptions & { allowHalfOpen: boolean } = {
    ...child.poolsFor(head.identity).tls,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? 443 : Number(port),
    method: head.method,
    path,
    headers: [...headers, 'Connection', 'Upgrade', 'Upgrade', head.upgrade ?? ''],
    // A connection that was upgraded belongs to nobody else, and either side may end its half first.
    agent: false,
    allowHalfOpen: true,
  };
  const outgoing = httpsRequest(options);
  const giveUp = () => outgoing.destroy();
  stream.once('close', giveUp);
  outgoing.on('error', error => reject(unreachable(error)));
  outgoing.on('upgrade', (answer, socket, early) => {
    stream.off('close', giveUp);
    join(request, answer, socket, early);
    stream.once('close', resolve);
  });
  outgoing.on('response', answer => {
    request.respond({
      status: answer.statusCode ?? 502,
      headers: endToEndHeaders(answer.rawHeaders),
    });
    answer.on('error', error => reject(unreachable(error)));
    answer.on('end', resolve);
    answer.pipe(stream);
  });
  outgoing.end();
  return promise;
}

function join(
  request: TunnelRequest,
  answer: IncomingMessage,
  socket: Socket,
  early: Buffer,
): void {
  const { stream } = request;
  if (early.length > 0) socket.unshift(early);
  socket.setNoDelay(true);
  socket.setTimeout(0);
  request.respond({ status: 101, headers: endToEndHeaders(answer.rawHeaders) });
  socket.on('error', error => stream.destroy(error));
  // When both sides have ended, what was read last may still be on its way to the child.
  stream.once('close', () => {
    if (!stream.readableEnded) socket.destroy();
  });
  stream.pipe(socket);
  socket.pipe(stream);
}
