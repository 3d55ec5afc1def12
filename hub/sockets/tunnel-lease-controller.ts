import { labels } from '../../api/well-known.ts';
import { builtin } from '../../kube/builtin.ts';
import type { Lease } from '../../kube/builtin-kinds.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Controller } from '../../reconcile/controller.ts';
import type { Enqueue } from '../../reconcile/source.ts';
import { tunnelLeaseName } from '../tunnel-leases.ts';

/** What this replica knows of one cluster's tunnel. */
export type Holding =
  | { readonly kind: 'held'; readonly since: Date }
  /** Held once, and certainly no more. */
  | { readonly kind: 'lost' };

export interface TunnelLeaseOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  /** Who we are in holderIdentity. */
  readonly replica: string;
}

/**
 * Writes each connected cluster's Lease: once when its tunnel comes, once when the loss is certain. A Lease that
 * another replica has taken meanwhile is left alone.
 */
export class TunnelLeaseController implements Controller {
  readonly name = 'tunnel-leases';
  readonly sources = [
    {
      synced: () => Promise.resolve(),
      start: (enqueue: Enqueue) => {
        this.#enqueue = enqueue;
        for (const clusterId of this.#holdings.keys()) enqueue(clusterId, false);
        return () => {
          this.#enqueue = () => {};
        };
      },
    },
  ];
  readonly #options: TunnelLeaseOptions;
  readonly #holdings = new Map<string, Holding>();
  #enqueue: Enqueue = () => {};

  constructor(options: TunnelLeaseOptions) {
    this.#options = options;
  }

  note(clusterId: string, holding: Holding): void {
    this.#holdings.set(clusterId, holding);
    this.#enqueue(clusterId, false);
  }

  async reconcile(clusterId: string, signal: AbortSignal): Promise<void> {
    const holding = this.#holdings.get(clusterId);
    if (holding === undefined) return;
    const { client, namespace, replica } = this.#options;
    const name = tunnelLeaseName(clusterId);
    const present = await client.find(builtin.leases, { namespace, name }, signal);
    if (holding.kind === 'held') {
      const wanted = heldLease(present, { namespace, name, clusterId, replica }, holding.since);
      if (wanted === undefined) return;
      if (present === undefined) await client.create(builtin.leases, wanted, signal);
      else await client.replace(builtin.leases, wanted, signal);
      return;
    }
    if (present?.spec?.holderIdentity === replica) {
      const freed = { ...present, spec: { ...present.spec, holderIdentity: '' } };
      await client.replace(builtin.leases, freed, signal);
    }
    if (this.#holdings.get(clusterId) === holding) this.#holdings.delete(clusterId);
  }
}

interface LeaseOwner {
  readonly namespace: string;
  readonly name: string;
  readonly clusterId: string;
  readonly replica: string;
}

/** The Lease that says we hold the tunnel since then; undefined when it says so already. */
function heldLease(present: Lease | undefined, owner: LeaseOwner, since: Date): Lease | undefined {
  const { namespace, name, clusterId, replica } = owner;
  const renewTime = since.toISOString().replace('Z', '000Z');
  const { spec } = present ?? {};
  if (spec?.holderIdentity === replica && spec.renewTime === renewTime) return undefined;
  const metadata = present?.metadata ?? { namespace, name };
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { ...metadata, labels: { ...metadata.labels, [labels.clusterId]: clusterId } },
    spec: {
      ...spec,
      holderIdentity: replica,
      leaseTransitions: (spec?.leaseTransitions ?? 0) + 1,
      acquireTime: renewTime,
      renewTime,
    },
  };
}
