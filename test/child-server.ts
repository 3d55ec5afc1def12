import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createSecureServer, Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { WebSocketServer } from 'ws';
import { selfSigned } from './tls-front.ts';

/** An HTTPS server that behaves in every way an API server and what is behind it can. */
export interface ChildServer {
  readonly url: URL;
  readonly caBundle: string;
  /** A client identity the server accepts, PEM. */
  readonly identity: { readonly certificate: string; readonly key: string };
  /** Watches that are open now. */
  readonly watches: number;
  /** Bytes written to the reader of `/endless`. */
  readonly endlessBytes: number;
  /** Connections that were accepted, by protocol. */
  readonly connections: { readonly http1: number; readonly http2: number };
  close(): Promise<void>;
}

export async function startChildServer(): Promise<ChildServer> {
  const [pair, client] = [await selfSigned(), await selfSigned()];
  const state = { watches: 0, endlessBytes: 0, http1: 0, http2: 0 };
  const server = createSecureServer({
    cert: pair.certificate,
    key: pair.key,
    ca: client.certificate,
    requestCert: true,
    rejectUnauthorized: false,
    allowHTTP1: true,
    allowHalfOpen: true,
    settings: { maxConcurrentStreams: 20 },
  });
  const open = new Set<TLSSocket>();
  server.on('secureConnection', socket => {
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
    if (socket.alpnProtocol === 'h2') state.http2++;
    else state.http1++;
  });
  server.on('request', (request, response) => answer(request, response, state));
  acceptUpgrades(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`),
    caBundle: pair.certificate,
    identity: client,
    get watches() {
      return state.watches;
    },
    get endlessBytes() {
      return state.endlessBytes;
    },
    get connections() {
      return { http1: state.http1, http2: state.http2 };
    },
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

interface State {
  watches: number;
  endlessBytes: number;
}

interface Exchange {
  readonly request: Http2ServerRequest;
  readonly response: Http2ServerResponse;
  readonly state: State;
  /** A number in the query. */
  readonly number: (name: string) => number;
}

const handlers: Readonly<Record<string, (exchange: Exchange) => void>> = {
  '/status': ({ response, number }) => {
    response.writeHead(number('code'), { 'x-kept': 'yes' });
    if (number('code') !== 204) response.write('status body');
    response.end();
  },
  '/big': ({ response, number }) => sendBytes(response, number('bytes')),
  '/endless': sendForEver,
  '/watch': watch,
  '/upload': digest,
  '/refuse-upload': ({ response }) => {
    response.writeHead(413);
    response.end('too large');
  },
  '/trailers': ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.write('body');
    response.addTrailers({ 'x-checksum': 'abc' });
    response.end();
  },
  '/redirect': ({ response }) => {
    response.writeHead(301, { location: '/elsewhere/' });
    response.end();
  },
  '/cut': ({ request, response }) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('half', () => request.socket.destroy());
  },
};

function answer(request: Http2ServerRequest, response: Http2ServerResponse, state: State): void {
  const url = new URL(request.url, 'https://child');
  const number = (name: string) => Number(url.searchParams.get(name) ?? '0');
  const handle = handlers[url.pathname] ?? echo;
  handle({ request, response, state, number });
}

/** Says what arrived. */
function echo({ request, response }: Exchange): void {
  const socket = (
    request instanceof Http2ServerRequest
      ? request.stream.session?.socket
      : (request as { socket: unknown }).socket
  ) as TLSSocket | undefined;
  const body = JSON.stringify({
    method: request.method,
    url: request.url,
    headers: request.rawHeaders,
    certificate: socket?.authorized === true,
  });
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
}

function sendBytes(response: Http2ServerResponse, bytes: number): void {
  response.writeHead(200, { 'content-type': 'application/octet-stream' });
  const block = patternBlock();
  let sent = 0;
  const more = () => {
    while (sent < bytes) {
      const piece = block.subarray(0, Math.min(block.length, bytes - sent));
      sent += piece.length;
      if (!response.write(piece)) return void response.once('drain', more);
    }
    response.end();
  };
  more();
}

/** What `/big` sends, over and over. */
export function patternBlock(): Buffer {
  return Buffer.from(Array.from({ length: 65_521 }, (_, index) => (index * 31) & 0xff));
}

function sendForEver({ response, state }: Exchange): void {
  response.writeHead(200);
  const block = patternBlock();
  let closed = false;
  response.on('close', () => {
    closed = true;
  });
  const more = () => {
    while (!closed) {
      state.endlessBytes += block.length;
      if (!response.write(block)) return void response.once('drain', more);
    }
  };
  more();
}

function watch({ response, state }: Exchange): void {
  state.watches++;
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"type":"ADDED"}\n');
  const timer = setInterval(() => response.write('{"type":"BOOKMARK"}\n'), 20);
  response.once('close', () => {
    clearInterval(timer);
    state.watches--;
  });
}

function digest({ request, response }: Exchange): void {
  const hash = createHash('sha256');
  let bytes = 0;
  request.on('data', (piece: Buffer) => {
    bytes += piece.length;
    hash.update(piece);
  });
  request.on('end', () => response.end(JSON.stringify({ bytes, sha256: hash.digest('hex') })));
}

/** `/raw` answers with the digest of what it got once the client has ended its half, after as many bytes of its own. */
function digestUpgraded(socket: TLSSocket): void {
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  );
  const hash = createHash('sha256');
  let bytes = 0;
  socket.on('data', (piece: Buffer) => {
    bytes += piece.length;
    hash.update(piece);
  });
  socket.on('end', () => {
    socket.write(Buffer.alloc(bytes, 'r'));
    socket.end(hash.digest('hex'));
  });
}

/** `/exec` speaks the websocket protocol of kubectl exec; any other upgrade is refused as an API server would. */
function acceptUpgrades(server: NodeJS.EventEmitter): void {
  const websockets = new WebSocketServer({
    noServer: true,
    handleProtocols: ([first]) => first ?? false,
  });
  server.on('upgrade', (request: IncomingMessage, socket: TLSSocket, head: Buffer) => {
    if (request.url?.startsWith('/raw')) {
      socket.unshift(head);
      digestUpgraded(socket);
      return;
    }
    if (!request.url?.startsWith('/exec')) {
      socket.end(
        'HTTP/1.1 403 Forbidden\r\nWarning: 299 - one\r\nWarning: 299 - two\r\nContent-Length: 6\r\n\r\ndenied',
      );
      return;
    }
    websockets.handleUpgrade(request, socket, head, websocket => {
      websocket.on('message', (message, isBinary) => websocket.send(message, { binary: isBinary }));
    });
  });
}
