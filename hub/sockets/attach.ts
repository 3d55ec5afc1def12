import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { SUBPROTOCOL } from '../../tunnel/heads.ts';
import { HubTunnel } from '../../tunnel/hub-end.ts';
import { websocketOptions } from '../../tunnel/limits.ts';
import { headerValues } from '../server/header-values.ts';
import { StatusError } from '../server/status-error.ts';

/** Tunnels between their upgrade and their HELLO; a storm of reconnects waits outside. */
const MAX_HANDSHAKES = 256;

/** Turns agents' upgrade requests into tunnels. */
export class TunnelAcceptor {
  readonly #build: string;
  readonly #websockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    handleProtocols: () => SUBPROTOCOL,
    ...websocketOptions,
  });
  #handshakes = 0;

  constructor(build: string) {
    this.#build = build;
  }

  /** Answers the upgrade and settles with the tunnel, whose HELLO is still to come; throws a StatusError instead of answering. */
  async accept(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<HubTunnel> {
    requireTunnelRequest(incoming);
    if (this.#handshakes >= MAX_HANDSHAKES) {
      throw new StatusError(503, 'Too many agents connect at once; try again.', 2);
    }
    this.#handshakes++;
    const done = () => {
      this.#handshakes--;
    };
    try {
      const tunnel = await this.#upgrade(incoming, socket, head);
      tunnel.hello.then(done, done);
      return tunnel;
    } catch (error) {
      done();
      throw error;
    }
  }

  #upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<HubTunnel> {
    return new Promise((resolve, reject) => {
      socket.once('close', () => reject(new StatusError(400, 'The upgrade was not completed.')));
      // The tunnel must listen before the first message, which can come with the next event.
      this.#websockets.handleUpgrade(incoming, socket, head, websocket =>
        resolve(new HubTunnel(websocket, { build: this.#build })),
      );
    });
  }
}

function requireTunnelRequest(incoming: IncomingMessage): void {
  const upgrade = incoming.headers.upgrade?.toLowerCase();
  if (incoming.method !== 'GET' || upgrade !== 'websocket') {
    throw new StatusError(400, 'sockets/attach wants a websocket: GET with Upgrade: websocket.');
  }
  const offered = headerValues(incoming.rawHeaders, 'sec-websocket-protocol')
    .flatMap(value => value.split(','))
    .map(value => value.trim());
  if (!offered.includes(SUBPROTOCOL)) {
    throw new StatusError(
      400,
      `sockets/attach speaks ${SUBPROTOCOL} only, and the request does not offer it in Sec-WebSocket-Protocol.`,
    );
  }
}
