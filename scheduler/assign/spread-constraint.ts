/** A topology spread constraint, with the domain of each member. */
export interface SpreadConstraint {
  /** In the order of the members; undefined when a member is in no domain. */
  readonly domains: readonly (string | undefined)[];
  /** The most replicas a domain may have more than the one with the fewest. */
  readonly maxSkew: number;
  /** DoNotSchedule: rather leave replicas without a place than break it. Otherwise it is a wish. */
  readonly required: boolean;
  /** With fewer domains than these, the fewest count as 0. */
  readonly minDomains?: number;
}
