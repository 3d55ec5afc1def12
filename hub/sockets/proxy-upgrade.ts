import { Socket } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { endToEndHeaders, pairsOf } from '../../tunnel/end-to-end-headers.ts';
import type { RequestHead } from '../../tunnel/heads.ts';
import type { HubTunnel, TunnelResponse } from '../../tunnel/hub-end.ts';
import { refuseUpgrade } from '../server/answer.ts';
import { failureStatus } from './failure-status.ts';

/** Sends an upgrade request into the tunnel; after a 101 the two byte streams are one. */
export async function proxyUpgrade(
  tunnel: HubTunnel,
  head: RequestHead,
  clusterId: string,
  socket: Duplex,
  early: Buffer,
): Promise<void> {
  if (early.length > 0) socket.unshift(early);
  if (socket instanceof Socket) socket.setNoDelay(true).setTimeout(0);
  const gone = new AbortController();
  let body: Readable | undefined;
  socket.once('close', () => {
    // When both sides have ended, what was read last may still be on its way to the child.
    if (!socket.readableEnded || body?.readableEnded !== true) gone.abort();
  });
  socket.on('error', () => socket.destroy());
  try {
    const answer = await tunnel.request(head, {}, gone.signal);
    body = answer.body;
    body.on('error', () => socket.destroy());
    if (answer.upgraded === undefined) sendRefusal(socket, answer);
    else join(socket, answer, head.upgrade ?? '');
  } catch (error) {
    if (!gone.signal.aborted) refuseUpgrade(socket, failureStatus(clusterId, error));
  }
}

function join(socket: Duplex, { headers, body }: TunnelResponse, token: string): void {
  const kept = [...endToEndHeaders(headers), 'Connection', 'Upgrade', 'Upgrade', token];
  socket.write(headText(101, 'Switching Protocols', kept));
  socket.pipe(body);
  body.pipe(socket);
}

/** The child did not upgrade: its answer goes to the client as an ordinary one, the last on this connection. */
function sendRefusal(socket: Duplex, { status, headers, body }: TunnelResponse): void {
  body.end();
  socket.write(
    headText(status, 'Refused', [...endToEndHeaders(headers), 'Connection', 'close']),
    'latin1',
  );
  body.pipe(socket);
}

function headText(status: number, phrase: string, headers: readonly string[]): string {
  const lines = [...pairsOf(headers)].map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${phrase}\r\n${lines.join('')}\r\n`;
}
