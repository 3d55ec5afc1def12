import { findCondition } from '../../api/conditions.ts';
import type { ClusterDiscoveryPolicy } from '../../api/discovery/cluster-discovery-policy.ts';
import type { DiscoveredCluster } from '../../api/discovery/discovered-cluster.ts';
import { removalWindowMs } from '../../api/removal-limit.ts';
import { annotations } from '../../api/well-known.ts';
import type { Clock } from '../../reconcile/clock.ts';
import { mayRemove } from '../capi/removal-guard.ts';
import { isHeld } from './course.ts';

/** Keeps count of inferred removals and asks the guard about each. */
export class Removals {
  readonly #clock: Clock;
  readonly #discovered: () => readonly DiscoveredCluster[];
  readonly #policies: () => readonly ClusterDiscoveryPolicy[];
  #recent: readonly number[] = [];

  constructor(
    clock: Clock,
    discovered: () => readonly DiscoveredCluster[],
    policies: () => readonly ClusterDiscoveryPolicy[],
  ) {
    this.#clock = clock;
    this.#discovered = discovered;
    this.#policies = policies;
  }

  /** Whether inferred removals under this policy may go on now. */
  allowed(policy: ClusterDiscoveryPolicy | undefined): boolean {
    const held = this.#discovered().filter(isHeld);
    return mayRemove({
      clusters: held.length,
      recent: this.#countRecent(),
      pending: this.pending().length,
      confirmed: isConfirmed(policy),
    });
  }

  /** Clusters that would be removed although nobody recorded their deletion. */
  pending(): readonly DiscoveredCluster[] {
    const retaining = new Set(
      this.#policies()
        .filter(({ spec }) => spec.onUnselect === 'Retain')
        .map(({ metadata }) => metadata.name),
    );
    return this.#discovered().filter(
      each => isHeld(each) && isUnselected(each) && !retaining.has(each.spec.policyRef?.name),
    );
  }

  /** An inferred removal is carried out. */
  carriedOut(): void {
    this.#countRecent();
    this.#recent = [...this.#recent, this.#clock.monotonic()];
  }

  #countRecent(): number {
    const since = this.#clock.monotonic() - removalWindowMs;
    this.#recent = this.#recent.filter(time => time > since);
    return this.#recent.length;
  }
}

/** The administrator confirms one change, not all that may come: a later edit of the policy needs a new word. */
export function isConfirmed(policy: ClusterDiscoveryPolicy | undefined): boolean {
  const confirmed = policy?.metadata.annotations?.[annotations.confirmMassChange];
  return confirmed !== undefined && confirmed === String(policy?.metadata.generation);
}

/** spec.detached is a recorded wish and does not count. */
function isUnselected({ spec, status }: DiscoveredCluster): boolean {
  return (
    spec.detached !== true && findCondition(status?.conditions, 'Selected')?.status === 'False'
  );
}
