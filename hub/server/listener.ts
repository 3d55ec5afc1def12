import type { IncomingMessage } from 'node:http';
import { createSecureServer, type Http2SecureServer, Http2ServerRequest } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Peer } from './authentication.ts';
import { certificatesOf } from './front-proxy-config.ts';

/** What the listener proves itself with, and which authority it verifies client certificates against. */
export interface ListenerSecrets {
  /** PEM certificate chain and key of the serving certificate. */
  readonly cert: string;
  readonly key: string;
  /** PEM bundle; the one and only client authority of this listener. */
  readonly clientCA: string;
}

/** A TLS listener for HTTP/2 and HTTP/1.1 (upgrades) whose certificates can be exchanged while it runs. */
export interface Listener {
  readonly server: Http2SecureServer;
  readonly port: number;
  /** New connections see the new secrets; open ones whose client certificate no longer verifies are closed. */
  reload(secrets: ListenerSecrets): void;
  peerOf(request: IncomingMessage | Http2ServerRequest): Peer;
  close(): Promise<void>;
}

const mebibyte = 2 ** 20;

/** Watches and large uploads last as long as they last; only the head of a request has to come soon. */
const http1Limits = { requestTimeout: 0, headersTimeout: 30_000, keepAliveTimeout: 130_000 };

/** Starts listening. Any client certificate may come, or none: what one is worth is decided by whether it verifies. */
export async function listen(
  secrets: ListenerSecrets,
  { address, port }: { readonly address: string; readonly port: number },
): Promise<Listener> {
  const open = new Set<TLSSocket>();
  const accepted = new Set<Socket>();
  let closing = false;
  const server = createSecureServer({
    ...tlsOptions(secrets),
    ...http1Limits,
    allowHTTP1: true,
    requestCert: true,
    rejectUnauthorized: false,
    // A half-closed upgrade still has data to deliver.
    allowHalfOpen: true,
    settings: { initialWindowSize: mebibyte / 4 },
    // The default of 10 MB ends the parent's one connection when many answers are under way.
    maxSessionMemory: 512,
    // Clients that end watches reset streams; the parent multiplexes all of them over one connection.
    streamResetBurst: 20_000,
    streamResetRate: 2_000,
  });
  server.on('connection', (socket: Socket) => {
    accepted.add(socket);
    socket.on('close', () => accepted.delete(socket));
    if (closing) socket.destroy();
  });
  server.on('secureConnection', socket => {
    open.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
  });
  server.on('session', session => session.setLocalWindowSize(16 * mebibyte));
  await started(server, address, port);
  return {
    server,
    port: (server.address() as AddressInfo).port,
    reload: next => {
      server.setSecureContext(tlsOptions(next));
      for (const socket of open) if (!stillVerifies(socket, next.clientCA)) socket.destroy();
    },
    peerOf: request => peerOf(request),
    close: () =>
      new Promise(resolve => {
        closing = true;
        server.close(() => resolve());
        // Those in the middle of a handshake too: the server waits for every one of them.
        for (const socket of accepted) socket.destroy();
      }),
  };
}

function tlsOptions({ cert, key, clientCA }: ListenerSecrets) {
  // Without tickets every connection shows its client certificate again.
  return { cert, key, ca: clientCA, minVersion: 'TLSv1.2' as const, sessionTimeout: 1 };
}

function started(server: Http2SecureServer, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

const peers = new WeakMap<object, Peer>();

function peerOf(request: IncomingMessage | Http2ServerRequest): Peer {
  const connection =
    request instanceof Http2ServerRequest ? request.stream.session : request.socket;
  if (connection === undefined) return { verifiedName: undefined };
  const known = peers.get(connection);
  if (known !== undefined) return known;
  const socket = (
    request instanceof Http2ServerRequest ? request.stream.session?.socket : request.socket
  ) as TLSSocket | undefined;
  const peer = { verifiedName: socket?.authorized === true ? commonName(socket) : undefined };
  peers.set(connection, peer);
  return peer;
}

function commonName(socket: TLSSocket): string | undefined {
  const name = socket.getPeerCertificate().subject?.CN;
  return typeof name === 'string' ? name : undefined;
}

function stillVerifies(socket: TLSSocket, clientCA: string): boolean {
  if (!socket.authorized) return true;
  const certificate = socket.getPeerX509Certificate();
  return (
    certificate !== undefined &&
    certificatesOf(clientCA).some(
      authority => certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
    )
  );
}
