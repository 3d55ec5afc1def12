import type { Subscription } from '../../api/apps/subscription.ts';
import type { EvictionCause, EvictionReason } from './eviction-cause.ts';

/** Why an eviction does not go on: reasons of condition Evicting. */
export const holdReasons = [
  'LargeOutage',
  'NothingFits',
  'ReplacementsPending',
  'ReturnedNotHealthy',
  'TaintUndated',
] as const;

export interface Hold {
  readonly reason: (typeof holdReasons)[number];
  readonly message: string;
}

/** Which clusters a Subscription is to leave as soon as others stand in for them. */
export interface EvictionPlan {
  /** By `namespace/name`. */
  readonly evicting: ReadonlyMap<string, EvictionReason>;
  /** A cluster whose eviction was recorded may be used again. */
  readonly returned: boolean;
  /** Why none starts and none is completed. */
  readonly hold?: Hold;
  /** When a toleration runs out or an eviction may start, if any. */
  readonly askAgainMs?: number;
}

/** What evictions are planned from. */
export interface EvictionWorld {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly largeOutage: boolean;
  /** The causes to leave the bound clusters there are, by `namespace/name`. */
  readonly causes: ReadonlyMap<string, EvictionCause | undefined>;
  /** Whether a bound cluster reports every feed available, and has been ready for long enough to know. */
  readonly healthy: (cluster: string) => boolean;
  /** Milliseconds until the eviction of a cluster may start; 0 starts it. */
  readonly wait: (cluster: string) => number;
}

/** Nothing tells when a cluster has been ready for long enough. */
const returnRetryMs = 30_000;

/** Nothing tells when an outage is over. */
const outageRetryMs = 30_000;

/**
 * Goes on with what the status records and starts what is due. A recorded eviction whose cluster may be used again is
 * cancelled as soon as the feeds are available there; until then nobody gives anything up. In a large outage nothing
 * starts and nothing is completed.
 */
export function planEvictions({ status }: Subscription, world: EvictionWorld): EvictionPlan {
  const recorded = new Map(status?.failover?.evictions.map(each => [each.cluster, each.reason]));
  const outlooks = [...world.causes].map(([cluster, cause]) =>
    outlookFor(cluster, cause, recorded.get(cluster), world),
  );
  const evicting = new Map(
    outlooks.flatMap(({ cluster, evicts }) => (evicts ? [[cluster, evicts] as const] : [])),
  );
  const holds = outlooks.flatMap(each => each.hold ?? []);
  if (world.largeOutage && evicting.size > 0) holds.push(outage);
  const hold = strongest(holds, evicting.size > 0);
  const times = outlooks.flatMap(({ inMs }) => inMs ?? []);
  if (hold === outage) times.push(outageRetryMs);
  return {
    evicting,
    returned: outlooks.some(each => each.returned),
    ...(hold && { hold }),
    ...(times.length > 0 && { askAgainMs: Math.min(...times) }),
  };
}

/** What one bound cluster means for the plan. */
interface Outlook {
  readonly cluster: string;
  readonly evicts?: EvictionReason;
  readonly returned?: true;
  readonly hold?: Hold;
  /** When this may change although nothing that is watched does. */
  readonly inMs?: number;
}

function outlookFor(
  cluster: string,
  cause: EvictionCause | undefined,
  recorded: EvictionReason | undefined,
  { now, largeOutage, healthy, wait }: EvictionWorld,
): Outlook {
  if (cause?.dueAt !== undefined && cause.dueAt <= now) {
    if (recorded) return { cluster, evicts: cause.reason };
    if (largeOutage) return { cluster, hold: outage };
    const inMs = wait(cluster);
    return inMs > 0 ? { cluster, inMs } : { cluster, evicts: cause.reason };
  }
  const later = cause?.dueAt !== undefined && { inMs: cause.dueAt - now };
  if (recorded && healthy(cluster)) return { cluster, ...later, returned: true };
  if (recorded) {
    return { cluster, inMs: returnRetryMs, evicts: recorded, hold: unwell(cluster) };
  }
  if (cause && cause.dueAt === undefined) return { cluster, hold: undated(cluster) };
  return { cluster, ...later };
}

/** An outage stops everything; a taint without a date stops nothing else. */
function strongest(holds: readonly Hold[], evicts: boolean): Hold | undefined {
  const stopping = holds.find(({ reason }) => reason === 'ReturnedNotHealthy');
  return holds.find(each => each === outage) ?? stopping ?? (evicts ? undefined : holds[0]);
}

const outage: Hold = {
  reason: 'LargeOutage',
  message:
    'so many clusters are not ready that nothing is evicted: look at the parent, the hub and the network first; goes on by itself when ' +
    'fewer are not ready than failover.largeOutagePercentage of the scheduler configuration',
};

function undated(cluster: string): Hold {
  return {
    reason: 'TaintUndated',
    message: `a NoExecute taint of ${cluster} is tolerated for some seconds and has no timeAdded to count from: set it`,
  };
}

function unwell(cluster: string): Hold {
  return {
    reason: 'ReturnedNotHealthy',
    message: `${cluster} may be used again, but must be ready for a minute and report every feed available first: whoever stands in for it stays, too`,
  };
}
