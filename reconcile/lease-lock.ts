import { isAlreadyExists, isConflict } from '../kube/api-error.ts';
import { builtin } from '../kube/builtin.ts';
import type { Lease } from '../kube/builtin-kinds.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Clock } from './clock.ts';

/** Which Lease, and as whom. */
export interface LeaseLockOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  readonly leaseDurationMs: number;
  readonly clock: Clock;
}

/** A Lease as we saw it, and when on our own clock: other machines' clocks are never compared with ours. */
interface Sighting {
  readonly lease: Lease;
  readonly at: number;
}

/** One candidate's view of a Lease. Every write carries the resourceVersion it was decided on. */
export class LeaseLock {
  readonly #options: LeaseLockOptions;
  #seen: Sighting | undefined;

  constructor(options: LeaseLockOptions) {
    this.#options = options;
  }

  /** Takes the Lease if it is free, expired or already ours; the new term's number, or undefined. */
  async tryAcquire(signal: AbortSignal): Promise<number | undefined> {
    const { client, namespace, name } = this.#options;
    const lease = await client.find(builtin.leases, { namespace, name }, signal);
    if (lease) this.#see(lease);
    if (lease && !this.#isFree(lease)) return undefined;
    const transitions = lease ? (lease.spec?.leaseTransitions ?? 0) + 1 : 0;
    const taken = await this.#take(lease, transitions, signal);
    return taken && transitions;
  }

  /** Renews a held Lease; false when somebody else holds it. Throws when the API server cannot be asked. */
  async renew(signal: AbortSignal): Promise<boolean> {
    const { client, namespace, name, identity } = this.#options;
    const held = this.#seen?.lease;
    if (!held) return false;
    try {
      const spec = { ...held.spec, renewTime: this.#microTime() };
      this.#see(await client.replace(builtin.leases, { ...held, spec }, signal));
      return true;
    } catch (error) {
      if (!isConflict(error)) throw error;
      const lease = await client.find(builtin.leases, { namespace, name }, signal);
      if (lease?.spec?.holderIdentity !== identity) return false;
      this.#see(lease);
      return this.renew(signal);
    }
  }

  /** Gives a held Lease back, so that the next candidate need not wait for it to expire. */
  async release(signal: AbortSignal): Promise<void> {
    const held = this.#seen?.lease;
    if (held?.spec?.holderIdentity !== this.#options.identity) return;
    const spec = { ...held.spec, holderIdentity: '', renewTime: this.#microTime() };
    await this.#options.client.replace(builtin.leases, { ...held, spec }, signal);
  }

  #isFree({ spec }: Lease): boolean {
    const { identity, clock } = this.#options;
    if (!spec?.holderIdentity || spec.holderIdentity === identity) return true;
    const lasts = (spec.leaseDurationSeconds ?? 0) * 1000;
    return clock.monotonic() - (this.#seen?.at ?? clock.monotonic()) >= lasts;
  }

  async #take(
    lease: Lease | undefined,
    leaseTransitions: number,
    signal: AbortSignal,
  ): Promise<true | undefined> {
    const { client, namespace, name, identity, leaseDurationMs } = this.#options;
    const now = this.#microTime();
    const desired: Lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: lease?.metadata ?? { namespace, name },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
        acquireTime: now,
        renewTime: now,
        leaseTransitions,
      },
    };
    try {
      const write = lease ? client.replace.bind(client) : client.create.bind(client);
      this.#see(await write(builtin.leases, desired, signal));
      return true;
    } catch (error) {
      if (isConflict(error) || isAlreadyExists(error)) return undefined;
      throw error;
    }
  }

  #see(lease: Lease): void {
    const known = this.#seen?.lease.metadata;
    const { uid, resourceVersion } = lease.metadata;
    if (known?.uid === uid && known?.resourceVersion === resourceVersion) return;
    this.#seen = { lease, at: this.#options.clock.monotonic() };
  }

  #microTime(): string {
    return this.#options.clock.now().toISOString().replace('Z', '000Z');
  }
}
