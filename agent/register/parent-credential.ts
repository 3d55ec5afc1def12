/** What the agent holds to act in the parent as its cluster. */
export interface ParentCredential {
  /** URL of the parent's API server, as configured. */
  readonly server: string;
  /** PEM certificates that the parent's API server is verified with from the join on. */
  readonly caBundle: string;
  readonly token: string;
  /** The cluster's dedicated namespace. */
  readonly namespace: string;
  readonly managedClusterName: string;
  /** RFC 3339. */
  readonly receivedAt: string;
  readonly expiresAt: string;
}

/** What to do next about a credential. */
export type CredentialStep =
  | { readonly step: 'join' }
  | { readonly step: 'renew' }
  | { readonly step: 'wait'; readonly ms: number };

/** Whether the parent accepts the token: `doubted` after somebody was refused with it, `refused` when we were. */
export type Trust = 'good' | 'doubted' | 'refused';

/** Join without a usable credential, renew when in doubt and from half of its life on, else wait for that. */
export function nextCredentialStep(
  credential: ParentCredential | undefined,
  server: string,
  trust: Trust,
  now: Date,
): CredentialStep {
  if (credential === undefined || credential.server !== server) return { step: 'join' };
  const received = Date.parse(credential.receivedAt);
  const expires = Date.parse(credential.expiresAt);
  if (trust === 'refused' || !(expires > now.getTime())) return { step: 'join' };
  if (trust === 'doubted') return { step: 'renew' };
  const left = received + (expires - received) / 2 - now.getTime();
  return left > 0 ? { step: 'wait', ms: left } : { step: 'renew' };
}

/** True when whatever was built on one credential can go on with the other: only the token differs. */
export function isSameMembership(
  a: ParentCredential | undefined,
  b: ParentCredential | undefined,
): boolean {
  return (
    a?.server === b?.server &&
    a?.caBundle === b?.caBundle &&
    a?.namespace === b?.namespace &&
    a?.managedClusterName === b?.managedClusterName
  );
}
