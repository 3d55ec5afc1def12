/** What the Leases say of one cluster's tunnel. */
export interface TunnelFacts {
  /** There is a tunnel Lease: the cluster has been connected at some time. */
  readonly known: boolean;
  /** How long the replica that holds the tunnel has not renewed its Lease; undefined when nobody holds it. */
  readonly holderSilentMs: number | undefined;
  /** How long we ourselves have been watching without a gap. */
  readonly steadyMs: number;
}

/** `unsure` means that nothing may be concluded yet: whatever was said last stays. */
export type Connection =
  | { readonly state: 'never' }
  | { readonly state: 'connected' }
  | { readonly state: 'lost' }
  | { readonly state: 'unsure'; readonly askAgainMs: number };

/** A replica renews every 5 s; one that missed three renewals is not believed to hold a tunnel newly. */
const freshMs = 15_000;
/** Its clusters have time to come back to another replica, or to it after a restart. */
export const deadReplicaMs = 45_000;
/** After our own start or a gap, agents first get time to reconnect before anything is called lost. */
const patienceMs = 45_000;

/** Good news counts at once; bad news only when we have watched steadily, and a silent hub has been silent for long. */
export function judgeConnection(facts: TunnelFacts): Connection {
  const { known, holderSilentMs, steadyMs } = facts;
  if (!known) return { state: 'never' };
  if (holderSilentMs !== undefined && holderSilentMs <= freshMs) return { state: 'connected' };
  const untilSteady = patienceMs - steadyMs;
  const untilDead = holderSilentMs === undefined ? 0 : deadReplicaMs - holderSilentMs;
  const askAgainMs = Math.max(untilSteady, untilDead);
  return askAgainMs > 0 ? { state: 'unsure', askAgainMs } : { state: 'lost' };
}
