import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { runController } from '../../reconcile/controller.ts';
import type { Runtime } from '../../reconcile/runtime.ts';
import type { RequestHead } from '../../tunnel/heads.ts';
import type { HubTunnel } from '../../tunnel/hub-end.ts';
import { StreamResetError } from '../../tunnel/tunnel-error.ts';
import { asStatusError, refuse, refuseUpgrade } from '../server/answer.ts';
import type {
  AuthenticatedRequest,
  OutgoingResponse,
  SocketHandlers,
} from '../server/authenticated-request.ts';
import { StatusError } from '../server/status-error.ts';
import { TunnelAcceptor } from './attach.ts';
import { childIdentity } from './child-identity.ts';
import { noTunnelStatus, unknownClusterStatus } from './failure-status.ts';
import { forwardRequestHeaders, type IsIdentityHeader } from './forward-headers.ts';
import { predictHead } from './predict-head.ts';
import { proxyRequest } from './proxy-request.ts';
import { proxyTarget } from './proxy-target.ts';
import { proxyUpgrade } from './proxy-upgrade.ts';
import { keepReplicaLease } from './replica-lease.ts';
import { socketsMetrics } from './sockets-metrics.ts';
import { TunnelLeaseController } from './tunnel-lease-controller.ts';
import { TunnelRegistry } from './tunnel-registry.ts';

export interface SocketsOptions {
  readonly runtime: Pick<Runtime, 'client' | 'clock' | 'logger' | 'metrics'>;
  /** Where the Leases are. */
  readonly namespace: string;
  /** This process's name among the hub's replicas, a new one with every start. */
  readonly replica: string;
  /** Program and version, for agents' logs. */
  readonly build: string;
  /** Whether a ManagedCluster with this id exists. */
  readonly isKnown: (clusterId: string) => boolean;
  readonly isIdentityHeader: IsIdentityHeader;
}

/** The access plane: takes agents' tunnels and sends clients' requests through them. */
export class Sockets implements SocketHandlers {
  readonly #options: SocketsOptions;
  readonly #acceptor: TunnelAcceptor;
  readonly #leases: TunnelLeaseController;
  readonly #registry: TunnelRegistry;

  constructor(options: SocketsOptions) {
    const { runtime, namespace, replica, build } = options;
    const { client, clock, logger, metrics } = runtime;
    this.#options = options;
    this.#acceptor = new TunnelAcceptor(build);
    this.#leases = new TunnelLeaseController({ client, namespace, replica });
    const figures = socketsMetrics(metrics, () => this.#registry.size);
    this.#registry = new TunnelRegistry(clock, {
      connected: clusterId => this.#leases.note(clusterId, { kind: 'held', since: clock.now() }),
      lost: clusterId => this.#leases.note(clusterId, { kind: 'lost' }),
      ended: (clusterId, reason, livedMs) => {
        figures.tunnelEnded(livedMs);
        logger.info({ clusterId, ...reason, livedMs: Math.round(livedMs) }, 'tunnel ended');
      },
    });
  }

  /** Keeps the Leases until `signal` aborts; then asks the agents to come back to another process and ends. */
  async run(signal: AbortSignal): Promise<void> {
    const { runtime, namespace, replica } = this.#options;
    await Promise.all([
      runController(this.#leases, runtime, signal),
      keepReplicaLease({ runtime, namespace, replica }, signal),
    ]);
    this.#registry.close('the hub stops');
  }

  handleUpgrade(request: AuthenticatedRequest, socket: Duplex, head: Buffer): void {
    const answering =
      request.subresource === 'attach'
        ? this.#attach(request, socket, head)
        : this.#upgrade(request, socket, head);
    answering.catch(error => refuseUpgrade(socket, this.#statusOf(error, request)));
  }

  handleProxy(request: AuthenticatedRequest, response: OutgoingResponse): void {
    this.#proxy(request, response).catch(error => refuse(response, this.#statusOf(error, request)));
  }

  handlePredict(request: AuthenticatedRequest, response: OutgoingResponse): void {
    this.#predict(request, response).catch(error =>
      refuse(response, this.#statusOf(error, request)),
    );
  }

  cut(clusterId: string, reason: string): void {
    this.#registry.cut(clusterId, reason);
  }

  async #attach(request: AuthenticatedRequest, socket: Duplex, head: Buffer): Promise<void> {
    const { clusterId, incoming } = request;
    const { isKnown, runtime } = this.#options;
    if (!isKnown(clusterId)) throw unknownClusterStatus(clusterId);
    const tunnel = await this.#acceptor.accept(incoming as IncomingMessage, socket, head);
    try {
      const { build } = await tunnel.hello;
      this.#registry.add(clusterId, tunnel);
      runtime.logger.info({ clusterId, build }, 'tunnel connected');
    } catch (error) {
      runtime.logger.warn({ clusterId, err: error }, 'an agent connected and said no HELLO');
    }
  }

  async #upgrade(request: AuthenticatedRequest, socket: Duplex, head: Buffer): Promise<void> {
    const token = request.incoming.headers.upgrade ?? '';
    if (token.toLowerCase() !== 'websocket') {
      throw new StatusError(
        501,
        `Upgrades to ${token.slice(0, 40)} are not served yet; use a client that speaks websocket (kubectl 1.31 and later do).`,
      );
    }
    const { tunnel, requestHead } = this.#route(request);
    await proxyUpgrade(tunnel, { ...requestHead, upgrade: token }, request.clusterId, socket, head);
  }

  async #proxy(request: AuthenticatedRequest, response: OutgoingResponse): Promise<void> {
    const { tunnel, requestHead } = this.#route(request);
    await proxyRequest(tunnel, requestHead, request, response);
  }

  async #predict(request: AuthenticatedRequest, response: OutgoingResponse): Promise<void> {
    const head = predictHead(request);
    await proxyRequest(this.#tunnelOf(request.clusterId), head, request, response);
  }

  /** Which tunnel, and what to ask through it; throws a StatusError. */
  #route(request: AuthenticatedRequest): { tunnel: HubTunnel; requestHead: RequestHead } {
    const { clusterId, incoming, user, rest } = request;
    const target = proxyTarget(rest);
    if (target.kind === 'refused') throw new StatusError(target.code, target.message);
    const { headers, tls } = childIdentity(user.extra);
    const tunnel = this.#tunnelOf(clusterId);
    const requestHead = {
      method: incoming.method ?? '',
      path: target.path,
      headers: forwardRequestHeaders(incoming.rawHeaders, headers, this.#options.isIdentityHeader),
      target: 'child',
      ...(tls !== undefined && { identity: tls }),
    };
    return { tunnel, requestHead };
  }

  #tunnelOf(clusterId: string): HubTunnel {
    if (!this.#options.isKnown(clusterId)) throw unknownClusterStatus(clusterId);
    const tunnel = this.#registry.find(clusterId);
    if (tunnel === undefined) throw noTunnelStatus(clusterId);
    return tunnel;
  }

  #statusOf(error: unknown, { clusterId }: AuthenticatedRequest): StatusError {
    if (!(error instanceof StatusError || error instanceof StreamResetError)) {
      this.#options.runtime.logger.error({ err: error, clusterId }, 'request failed');
    }
    return asStatusError(error, '');
  }
}
