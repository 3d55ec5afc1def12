import type { Clock } from '../../reconcile/clock.ts';
import type { CloseReason } from '../../tunnel/connection.ts';
import type { HubTunnel } from '../../tunnel/hub-end.ts';

/** Told about what the world should know of a cluster's tunnel. */
export interface TunnelObserver {
  /** A tunnel is up; called for each new one, also when it replaces another. */
  connected(clusterId: string): void;
  /** No tunnel came back in time: the loss is certain. */
  lost(clusterId: string): void;
  /** One tunnel ended, replaced or not. */
  ended(clusterId: string, reason: CloseReason, livedMs: number): void;
}

/** After the last received byte, however the connection ended: a restarting agent is back before. */
const CERTAIN_LOSS_MS = 13_000;
/** How long the open streams of a replaced tunnel may go on. */
const DRAIN_MS = 30_000;

/** The tunnels this replica holds, at most one per cluster for new requests: the newest authenticated one. */
export class TunnelRegistry {
  readonly #clock: Clock;
  readonly #observer: TunnelObserver;
  readonly #current = new Map<string, HubTunnel>();
  readonly #all = new Map<HubTunnel, string>();
  readonly #pendingLosses = new Map<string, () => void>();

  constructor(clock: Clock, observer: TunnelObserver) {
    this.#clock = clock;
    this.#observer = observer;
  }

  /** Tunnels that are open, replaced ones that still drain included. */
  get size(): number {
    return this.#all.size;
  }

  /** The tunnel for new requests of a cluster. */
  find(clusterId: string): HubTunnel | undefined {
    const tunnel = this.#current.get(clusterId);
    return tunnel?.acceptsRequests ? tunnel : undefined;
  }

  /** Takes a tunnel whose HELLO has come. An older one of the same cluster drains and is closed. */
  add(clusterId: string, tunnel: HubTunnel): void {
    const began = this.#clock.monotonic();
    const older = this.#current.get(clusterId);
    this.#cancelLoss(clusterId);
    this.#current.set(clusterId, tunnel);
    this.#all.set(tunnel, clusterId);
    if (older !== undefined) this.#drain(older);
    this.#observer.connected(clusterId);
    void tunnel.closed.then(reason => {
      this.#all.delete(tunnel);
      this.#observer.ended(clusterId, reason, this.#clock.monotonic() - began);
      if (this.#current.get(clusterId) !== tunnel) return;
      this.#current.delete(clusterId);
      this.#expectLoss(clusterId, tunnel);
    });
  }

  /** Ends all tunnels of a cluster at once, and says so to the world at once. */
  cut(clusterId: string, reason: string): void {
    for (const [tunnel, id] of this.#all) if (id === clusterId) tunnel.close(reason);
    if (!this.#current.delete(clusterId) && !this.#pendingLosses.has(clusterId)) return;
    this.#cancelLoss(clusterId);
    this.#observer.lost(clusterId);
  }

  /** Asks every agent to go to another replica, or to come back to the next process. */
  goAway(reason: string): void {
    for (const cancel of this.#pendingLosses.values()) cancel();
    this.#pendingLosses.clear();
    for (const tunnel of this.#all.keys()) tunnel.goAway(reason);
  }

  /** Ends all tunnels; nothing is said of a loss, for this replica can no longer know. */
  close(reason: string): void {
    this.goAway(reason);
    this.#current.clear();
    for (const tunnel of this.#all.keys()) tunnel.close(reason);
  }

  #drain(tunnel: HubTunnel): void {
    tunnel.goAway('a newer connection of this cluster took over', DRAIN_MS);
    const cancel = this.#clock.after(DRAIN_MS, () => tunnel.close('replaced'));
    void tunnel.closed.then(cancel);
  }

  #expectLoss(clusterId: string, tunnel: HubTunnel): void {
    const silentFor = performance.now() - tunnel.lastReceivedAt;
    const cancel = this.#clock.after(Math.max(0, CERTAIN_LOSS_MS - silentFor), () => {
      this.#pendingLosses.delete(clusterId);
      this.#observer.lost(clusterId);
    });
    this.#pendingLosses.set(clusterId, cancel);
  }

  #cancelLoss(clusterId: string): void {
    this.#pendingLosses.get(clusterId)?.();
    this.#pendingLosses.delete(clusterId);
  }
}
