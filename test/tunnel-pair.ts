import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { AgentTunnel, type AgentTunnelOptions } from '../tunnel/agent-end.ts';
import type { ConnectionOptions } from '../tunnel/connection.ts';
import { HubTunnel } from '../tunnel/hub-end.ts';
import { type TunnelLimits, websocketOptions } from '../tunnel/limits.ts';

export interface SocketPair {
  /** The accepting side's websocket. */
  readonly accepted: WebSocket;
  /** The dialing side's websocket. */
  readonly dialed: WebSocket;
  /** Stops passing bytes in both directions without closing anything. */
  silence(): void;
  close(): Promise<void>;
}

/** Two ends of one real websocket over loopback, with a relay between them that can go silent. */
export async function connectSockets(): Promise<SocketPair> {
  const server = createServer();
  const websockets = new WebSocketServer({ server, ...websocketOptions });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const relay = await startRelay((server.address() as AddressInfo).port);
  const accepted = once(websockets, 'connection');
  const dialed = new WebSocket(`ws://127.0.0.1:${relay.port}`, websocketOptions);
  const opened = once(dialed, 'open');
  const [socket] = (await accepted) as [WebSocket];
  await opened;
  return {
    accepted: socket,
    dialed,
    silence: relay.silence,
    async close() {
      socket.terminate();
      dialed.terminate();
      relay.close();
      websockets.close();
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

export interface TunnelPair extends SocketPair {
  readonly hub: HubTunnel;
  readonly agent: AgentTunnel;
}

export interface PairOptions {
  readonly limits?: Partial<TunnelLimits>;
  readonly hubLimits?: Partial<TunnelLimits>;
  readonly agent?: Omit<AgentTunnelOptions, 'handler' | keyof ConnectionOptions>;
}

/** Both real ends of a tunnel, after their HELLOs. */
export async function connectTunnel(
  handler: AgentTunnelOptions['handler'],
  { limits = {}, hubLimits = limits, agent: more = {} }: PairOptions = {},
): Promise<TunnelPair> {
  const sockets = await connectSockets();
  const hub = new HubTunnel(sockets.accepted, { build: 'test-hub', limits: hubLimits });
  const agent = new AgentTunnel(sockets.dialed, { build: 'test-agent', limits, handler, ...more });
  await Promise.all([hub.hello, agent.hello]);
  return { ...sockets, hub, agent };
}

async function startRelay(port: number) {
  const sockets = new Set<Socket>();
  const server = createTcpServer({ noDelay: true }, incoming => {
    const outgoing = connect({ port, host: '127.0.0.1', noDelay: true });
    for (const [from, to] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    silence: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
