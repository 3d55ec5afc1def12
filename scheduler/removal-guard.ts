import { removalAllowance } from '../api/removal-allowance.ts';
import { removalLimit, removalWindowMs } from '../api/removal-limit.ts';
import type { Clock } from '../reconcile/clock.ts';

/** Which removals may go on now. */
export interface RemovalVerdict {
  readonly removed: readonly string[];
  /** Stay until an administrator confirms. */
  readonly held: readonly string[];
  /** How many removals are let through within ten minutes. */
  readonly limit: number;
}

/** What the guard judges. */
export interface RemovalRequest {
  /** Clusters whose removal was inferred, sorted; those with a recorded deletion are never asked about. */
  readonly inferred: readonly string[];
  /** How many clusters the Subscription is bound to. */
  readonly bound: number;
  /** How many inferred removals were let through in the last ten minutes. */
  readonly recent: number;
  /** Removals are being held already: then none goes on, however much time passes. */
  readonly holding: boolean;
  /** An administrator has confirmed this generation. */
  readonly confirmed: boolean;
}

/**
 * Lets inferred removals pass up to max(5 clusters, 20 %) in ten minutes and holds the rest: whoever edits a
 * selector or a label by mistake must not uninstall a fleet.
 */
export function guardRemovals(request: RemovalRequest): RemovalVerdict {
  const { inferred, bound, recent, holding, confirmed } = request;
  const clusters = bound + recent;
  const pass = removalAllowance({ clusters, recent, holding, confirmed });
  const limit = removalLimit(clusters);
  return { removed: inferred.slice(0, pass), held: inferred.slice(pass), limit };
}

/** Remembers the inferred removals of the last ten minutes of each Subscription, by UID. */
export class RemovalHistory {
  readonly #clock: Clock;
  readonly #times = new Map<string, number[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many there were in the last ten minutes. */
  recent(uid: string): number {
    const since = this.#clock.monotonic() - removalWindowMs;
    const times = (this.#times.get(uid) ?? []).filter(time => time > since);
    if (times.length === 0) this.#times.delete(uid);
    else this.#times.set(uid, times);
    return times.length;
  }

  add(uid: string, count: number): void {
    if (count === 0) return;
    const now = this.#clock.monotonic();
    const times = this.#times.getOrInsertComputed(uid, () => []);
    for (let i = 0; i < count; i++) times.push(now);
  }

  /** Forgets a Subscription that is gone. */
  forget(uid: string): void {
    this.#times.delete(uid);
  }
}
