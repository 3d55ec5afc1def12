import { builtin } from '../../kube/builtin.ts';
import type { Lease } from '../../kube/builtin-kinds.ts';
import type { Clock } from '../../reconcile/clock.ts';
import type { Change, Informer } from '../../reconcile/informer.ts';
import type { Runtime } from '../../reconcile/runtime.ts';
import type { Enqueue, Source } from '../../reconcile/source.ts';
import { clusterIdOfLease, replicaLeaseName, tunnelLeaseName } from '../tunnel-leases.ts';
import { deadReplicaMs, type TunnelFacts } from './connection.ts';

/** Longer than any Lease of a hub stays unrenewed: the leader's own is renewed every two seconds. */
const gapMs = 10_000;

/**
 * Follows the Leases in the hub's namespace and says what they mean for a tunnel. Time is measured on our own clock between the
 * changes we see, so that clocks of replicas need not agree.
 */
export class TunnelWatch {
  readonly leases: Informer<Lease>;
  readonly #namespace: string;
  readonly #clock: Clock;
  readonly #renewedAt = new Map<string, number>();
  readonly #silenceTimers = new Map<string, () => void>();
  #enqueue: (clusterId: string) => void = () => {};
  #lastContact: number;
  #steadySince: number;

  constructor({ cache, clock }: Pick<Runtime, 'cache' | 'clock'>, namespace: string) {
    this.leases = cache.informer(builtin.leases, { namespace });
    this.#namespace = namespace;
    this.#clock = clock;
    this.#lastContact = clock.monotonic();
    this.#steadySince = clock.monotonic();
  }

  /** What is known now of a cluster's tunnel. */
  factsOf(clusterId: string): TunnelFacts {
    const now = this.#clock.monotonic();
    this.#noteGap(now);
    const name = tunnelLeaseName(clusterId);
    const lease = this.leases.get({ namespace: this.#namespace, name });
    const holder = lease?.spec?.holderIdentity || undefined;
    return {
      known: lease !== undefined,
      holderSilentMs: holder === undefined ? undefined : this.#silentMs(holder, now),
      steadyMs: now - this.#steadySince,
    };
  }

  /** Feeds cluster ids whose tunnel Lease changed or whose holder has been silent for too long. */
  source(keyOf: (clusterId: string) => string | undefined): Source {
    return {
      synced: () => this.leases.synced(),
      start: enqueue => this.#start(enqueue, keyOf),
    };
  }

  #start(enqueue: Enqueue, keyOf: (clusterId: string) => string | undefined): () => void {
    this.#steadySince = this.#clock.monotonic();
    this.#lastContact = this.#steadySince;
    this.#enqueue = clusterId => {
      const key = keyOf(clusterId);
      if (key !== undefined) enqueue(key, false);
    };
    const stop = this.leases.onChange(change => this.#observe(change));
    return () => {
      stop();
      for (const cancel of this.#silenceTimers.values()) cancel();
      this.#silenceTimers.clear();
      this.#enqueue = () => {};
    };
  }

  #observe({ type, object, initial }: Change<Lease>): void {
    const now = this.#clock.monotonic();
    this.#noteGap(now);
    this.#lastContact = now;
    const { name = '' } = object.metadata;
    const clusterId = clusterIdOfLease(name);
    if (clusterId !== undefined) this.#enqueue(clusterId);
    else if (type === 'deleted') this.#renewedAt.delete(name);
    else this.#noteRenewal(name, now - (initial ? this.#age(object) : 0));
  }

  /** What we first see may have been left behind long ago; only then another clock has to be believed. */
  #age({ spec }: Lease): number {
    const renewed = Date.parse(spec?.renewTime ?? '');
    return Number.isNaN(renewed) ? 0 : Math.max(0, this.#clock.now().getTime() - renewed);
  }

  #noteRenewal(leaseName: string, at: number): void {
    this.#renewedAt.set(leaseName, at);
    this.#silenceTimers.get(leaseName)?.();
    const wait = at + deadReplicaMs - this.#clock.monotonic() + 1;
    if (wait < 0) return;
    const cancel = this.#clock.after(wait, () => {
      for (const lease of this.leases.list()) {
        const clusterId = clusterIdOfLease(lease.metadata.name ?? '');
        const holder = lease.spec?.holderIdentity;
        if (clusterId !== undefined && holder && replicaLeaseName(holder) === leaseName) {
          this.#enqueue(clusterId);
        }
      }
    });
    this.#silenceTimers.set(leaseName, cancel);
  }

  #silentMs(replica: string, now: number): number {
    const renewedAt = this.#renewedAt.get(replicaLeaseName(replica));
    return renewedAt === undefined ? Number.POSITIVE_INFINITY : now - renewedAt;
  }

  /** While we heard nothing at all it was us who was cut off, and nobody can be blamed for silence. */
  #noteGap(now: number): void {
    if (now - this.#lastContact > gapMs) this.#steadySince = now;
  }
}
