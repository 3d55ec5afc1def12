import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { WebSocket } from 'ws';
import { AgentTunnel, type AgentTunnelOptions } from '../../tunnel/agent-end.ts';
import { SUBPROTOCOL } from '../../tunnel/heads.ts';
import { websocketOptions } from '../../tunnel/limits.ts';

export interface TunnelAddress {
  /** The parent's API server; may carry a path. */
  readonly parent: URL;
  readonly clusterId: string;
  /** PEM of the certificates to trust; empty means the ones this machine trusts. */
  readonly caBundle: string;
  readonly token: string;
}

/** The parent did not make a tunnel of our request; `statusCode` is absent when it did not answer at all. */
export class DialError extends Error {
  readonly statusCode: number | undefined;

  constructor(message: string, statusCode?: number, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DialError';
    this.statusCode = statusCode;
  }
}

const HANDSHAKE_MS = 10_000;

/** Opens a tunnel through the parent's API server; settles once the hub's HELLO is in, throws a DialError otherwise. */
export async function connectTunnel(
  address: TunnelAddress,
  options: AgentTunnelOptions,
  signal: AbortSignal,
): Promise<AgentTunnel> {
  signal.throwIfAborted();
  const socket = dial(address);
  const abort = () => socket.terminate();
  signal.addEventListener('abort', abort, { once: true });
  try {
    const tunnel = await opened(socket, options);
    await tunnel.hello;
    return tunnel;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof DialError) throw error;
    throw new DialError((error as Error).message, undefined, { cause: error });
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function dial({ parent, clusterId, caBundle, token }: TunnelAddress): WebSocket {
  const url = new URL(parent);
  url.protocol = parent.protocol === 'http:' ? 'ws:' : 'wss:';
  const base = parent.pathname.replace(/\/$/, '');
  url.pathname = `${base}/apis/proxies.clusternet.io/v1alpha1/sockets/${clusterId}/attach`;
  return new WebSocket(url, [SUBPROTOCOL], {
    ...websocketOptions,
    ...(caBundle !== '' && { ca: caBundle }),
    headers: { authorization: `Bearer ${token}` },
    handshakeTimeout: HANDSHAKE_MS,
    followRedirects: false,
  });
}

function opened(socket: WebSocket, options: AgentTunnelOptions): Promise<AgentTunnel> {
  return new Promise((resolve, reject) => {
    socket.on('error', error => reject(error));
    socket.once('unexpected-response', (_request, response) => {
      // With a listener for it, ending the attempt is ours.
      void refusal(response)
        .then(reject, reject)
        .finally(() => socket.terminate());
    });
    // The hub's first frame may come with the next event: the tunnel must listen by then.
    socket.once('open', () => resolve(new AgentTunnel(socket, options)));
  });
}

const LONGEST_REFUSAL = 16_384;

async function refusal(response: IncomingMessage): Promise<DialError> {
  const { statusCode = 0 } = response;
  const body = (await text(response)).slice(0, LONGEST_REFUSAL);
  return new DialError(`the parent answered ${statusCode}: ${statusMessage(body)}`, statusCode);
}

/** The message of a Status, or the text itself. */
function statusMessage(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    if (typeof message === 'string') return message;
  } catch {}
  return body.trim().slice(0, 300) || 'without saying why';
}
