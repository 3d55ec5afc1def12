import { builtin } from '../../kube/builtin.ts';
import type { Lease } from '../../kube/builtin-kinds.ts';
import { sleep } from '../../kube/sleep.ts';
import { LeaseLock } from '../../reconcile/lease-lock.ts';
import type { Runtime } from '../../reconcile/runtime.ts';
import { replicaLeaseName } from '../tunnel-leases.ts';

export interface ReplicaLeaseOptions {
  readonly runtime: Pick<Runtime, 'client' | 'clock' | 'logger'>;
  readonly namespace: string;
  readonly replica: string;
}

const RENEW_MS = 5_000;
const LEASE_MS = 15_000;
/** A replica that has not renewed for so long will not come back under its name: every start has a new one. */
const FORGOTTEN_MS = 3_600_000;
const prefix = replicaLeaseName('');

/** Shows by its Lease that this replica is alive, until `signal` aborts. Failures are logged and tried again. */
export async function keepReplicaLease(
  options: ReplicaLeaseOptions,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, replica, runtime } = options;
  const { client, clock, logger } = runtime;
  const name = replicaLeaseName(replica);
  const lock = new LeaseLock({
    client,
    namespace,
    name,
    identity: replica,
    leaseDurationMs: LEASE_MS,
    clock,
  });
  let held = false;
  let swept = false;
  while (!signal.aborted) {
    try {
      held = held ? await lock.renew(signal) : (await lock.tryAcquire(signal)) !== undefined;
      if (held && !swept) await sweepForgotten(options, signal);
      swept = held;
    } catch (error) {
      if (signal.aborted) return;
      held = false;
      logger.warn({ err: error, lease: name }, 'cannot renew the Lease of this replica');
    }
    await sleep(held ? RENEW_MS : 1_000, signal).catch(() => {});
  }
}

/** Deletes the Leases that replicas of earlier days left behind. */
async function sweepForgotten(
  { namespace, runtime: { client, clock } }: ReplicaLeaseOptions,
  signal: AbortSignal,
): Promise<void> {
  const leases = await client.listAll<Lease>(builtin.leases, { namespace }, signal);
  for (const { metadata, spec } of leases) {
    const age = clock.now().getTime() - Date.parse(spec?.renewTime ?? '');
    if (!metadata.name?.startsWith(prefix) || !(age > FORGOTTEN_MS)) continue;
    const { resourceVersion } = metadata;
    await client.delete(
      builtin.leases,
      { namespace, name: metadata.name },
      resourceVersion === undefined ? {} : { resourceVersion },
      signal,
    );
  }
}
