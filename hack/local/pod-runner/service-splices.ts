import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Service, ServicePort } from '../../../kube/builtin-kinds.ts';
import type { Endpoint } from './port-rewriting.ts';

/** A pod as a Service sees it. */
export interface Backend {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ready: boolean;
  /** Where a target port, given by number or name, is reached. */
  endpoint(port: number | string): Endpoint | undefined;
}

/** Listens at the ClusterIPs of Services and passes each TCP connection to a ready pod, as kube-proxy does on a node. */
export class ServiceSplices {
  readonly #log: (message: string) => void;
  readonly #listeners = new Map<string, { server: Server; sockets: Set<Socket> }>();
  #services: readonly Service[] = [];
  #backends: readonly Backend[] = [];

  constructor(log: (message: string) => void) {
    this.#log = log;
  }

  /** Listens at every port of a Service that has a ready pod here, and stops listening at all others. */
  update(services: readonly Service[], backends: readonly Backend[]): void {
    this.#services = services;
    this.#backends = backends;
    const wanted = new Map(
      services
        .filter(service => backendsOf(service, backends).length > 0)
        .flatMap(service => listenPoints(service).map(point => [point.key, point])),
    );
    for (const key of this.#listeners.keys()) if (!wanted.has(key)) this.#close(key);
    for (const [key, point] of wanted) if (!this.#listeners.has(key)) this.#listen(key, point);
  }

  /** Stops listening and ends what is passed on. */
  close(): void {
    for (const key of this.#listeners.keys()) this.#close(key, true);
  }

  #listen(key: string, { address, port }: Endpoint): void {
    const sockets = new Set<Socket>();
    const server = createServer({ allowHalfOpen: true, noDelay: true }, socket => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      const endpoint = this.#choose(key);
      if (endpoint) splice(socket, endpoint);
      else socket.destroy();
    });
    this.#listeners.set(key, { server, sockets });
    server.once('error', error => {
      this.#log(`cannot listen at the service address ${key}: ${error.message}`);
      this.#listeners.delete(key);
    });
    server.listen(port, address);
  }

  #choose(key: string): Endpoint | undefined {
    const endpoints = this.#services.flatMap(service =>
      listenPoints(service)
        .filter(point => point.key === key)
        .flatMap(({ target }) =>
          backendsOf(service, this.#backends).map(backend => backend.endpoint(target)),
        ),
    );
    const known = endpoints.filter(endpoint => endpoint !== undefined);
    return known[Math.floor(Math.random() * known.length)];
  }

  #close(key: string, connections = false): void {
    const listener = this.#listeners.get(key);
    this.#listeners.delete(key);
    listener?.server.close();
    if (connections) for (const socket of listener?.sockets ?? []) socket.destroy();
  }
}

/** The ready pods that a Service selects. A Service without selector has none: its endpoints are somebody else's. */
export function backendsOf({ metadata, spec }: Service, backends: readonly Backend[]): Backend[] {
  const selector = Object.entries(spec?.selector ?? {});
  if (selector.length === 0) return [];
  return backends.filter(
    ({ namespace, labels, ready }) =>
      ready &&
      namespace === metadata.namespace &&
      selector.every(([key, value]) => labels[key] === value),
  );
}

/** Where a Service is to be listened for: its TCP ports at a ClusterIP in the loopback range. */
export function listenPoints({ spec }: Service) {
  const address = spec?.clusterIP;
  if (!address?.startsWith('127.')) return [];
  return (spec?.ports ?? [])
    .filter(({ protocol = 'TCP' }) => protocol === 'TCP')
    .map(({ port, targetPort }: ServicePort) => ({
      key: `${address}:${port}`,
      address,
      port,
      target: targetPort ?? port,
    }));
}

function splice(client: Socket, { address, port }: Endpoint): void {
  const server = connect({ host: address, port, allowHalfOpen: true, noDelay: true });
  client.pipe(server).pipe(client);
  for (const socket of [client, server]) {
    // A broken half takes the other with it; an orderly end only travels through the pipe.
    socket.once('error', () => {
      client.destroy();
      server.destroy();
    });
    socket.once('close', hadError => {
      if (hadError) return;
      if (!client.readable && !client.writable) server.destroySoon();
      if (!server.readable && !server.writable) client.destroySoon();
    });
  }
}
