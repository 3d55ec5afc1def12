import { findCondition } from '../../api/conditions.ts';
import type { ClusterDiscoveryPolicy } from '../../api/discovery/cluster-discovery-policy.ts';
import type { DiscoveredCluster } from '../../api/discovery/discovered-cluster.ts';
import { removalAllowance } from '../../api/removal-allowance.ts';
import { removalWindowMs } from '../../api/removal-limit.ts';
import { annotations } from '../../api/well-known.ts';
import type { Clock } from '../../reconcile/clock.ts';
import { hasBegun, isHeld } from './course.ts';

/**
 * Lets inferred removals pass one by one (a selector, a policy or a label changed, an object is missing from a list) as far as the
 * limit for all clusters goes, and holds the rest of a policy until they are confirmed there. The count of the last ten minutes is kept in
 * memory; what is held says so in its own condition Selected, and so survives a restart.
 */
export class Removals {
  readonly #clock: Clock;
  readonly #discovered: () => readonly DiscoveredCluster[];
  /** When each DiscoveredCluster was let pass, by UID. */
  readonly #passed = new Map<string, number>();

  constructor(clock: Clock, discovered: () => readonly DiscoveredCluster[]) {
    this.#clock = clock;
    this.#discovered = discovered;
  }

  /** Whether the removal of this cluster, which is due, may go on now; then it counts, and may go on until it is done. */
  letPass(cluster: DiscoveredCluster, policy: ClusterDiscoveryPolicy | undefined): boolean {
    const { uid = '' } = cluster.metadata;
    this.#forgetOld();
    if (hasBegun(cluster) || this.#passed.has(uid)) return true;
    const allowance = removalAllowance({
      clusters: this.#countClusters(),
      recent: this.#passed.size,
      holding: this.held(cluster.spec.policyRef?.name).length > 0,
      confirmed: isConfirmed(policy),
    });
    if (allowance === 0) return false;
    this.#passed.set(uid, this.#clock.monotonic());
    return true;
  }

  /** The clusters of a policy whose removal waits for a confirmation. */
  held(policy: string | undefined): readonly DiscoveredCluster[] {
    return this.#discovered().filter(
      each => each.spec.policyRef?.name === policy && isHeldByGuard(each),
    );
  }

  #countClusters(): number {
    const joined = this.#discovered().filter(isHeld);
    return new Set([...joined.map(({ metadata }) => metadata.uid), ...this.#passed.keys()]).size;
  }

  #forgetOld(): void {
    const since = this.#clock.monotonic() - removalWindowMs;
    for (const [uid, time] of this.#passed) if (time <= since) this.#passed.delete(uid);
  }
}

/** The administrator confirms one change, not all that may come: a later edit of the policy needs a new word. */
export function isConfirmed(policy: ClusterDiscoveryPolicy | undefined): boolean {
  const confirmed = policy?.metadata.annotations?.[annotations.confirmMassChange];
  return confirmed !== undefined && confirmed === String(policy?.metadata.generation);
}

function isHeldByGuard(cluster: DiscoveredCluster): boolean {
  const selected = findCondition(cluster.status?.conditions, 'Selected');
  return isHeld(cluster) && !hasBegun(cluster) && selected?.reason === 'MassChange';
}
